"""Ablation: what the decision loses without a band of a channel."""

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sincviz.eeg.positions import check_positions
from sincviz.eeg.role_areas import BY_ITSELF
from sincviz.eeg.role_words import SUPPRESSOR
from sincviz.plotting.canvas.channel_images import channel_images
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn, check_number_of_maps
from sincviz.plotting.canvas.evidence import bands_in_hz, write_below
from sincviz.plotting.canvas.intervals import excludes_zero, includes_zero, zero_words
from sincviz.plotting.canvas.role_marks import mark_roles
from sincviz.plotting.canvas.scalp_table import scalp_table
from sincviz.plotting.canvas.style import style

DRAWN = {
    "plot_ablation": DrawnResult(
        xr.Dataset, "inspection.ablation", "sincviz.ablate(model, epochs)", ("score_loss",)
    ),
}

_KINDS = ("channels", "topomaps")
_MOST_NAMED = 3
_RING = 0.8  # of the size on scalp maps


def plot_ablation(loss: xr.Dataset, kind: str = "channels") -> Figure:
    """Draw how much of its score the true class loses when one band of one channel is replaced.

    Parameters
    ----------
    loss : xarray.Dataset, dims (band, channel)
        What :func:`sincviz.ablate` returned: ``score_loss`` with ``score_loss_ci_low`` and ``score_loss_ci_high``; with
        ``informative``, the line below says of the three largest losses whether these cells tell the classes by
        themselves, and the heat map rings those that are needed and do not.
    kind : {"channels", "topomaps"}
        A heat map of bands over channels (or regions), or one scalp map for each band.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide. Cells whose interval includes zero are marked; a line below says how.

    Raises
    ------
    TypeError
        If the input is of another type, such as a network; the message says what to call.
    ValueError
        If the kind is unknown, ``score_loss`` is missing or over other dimensions, or there is nothing to draw.
    PositionsError
        If a channel of scalp maps has no usable position; regions have none.

    Examples
    --------
    >>> of_band, of_channel = [0.05, 1.0, 0.6, 0.0], [0.02, 0.0, 0.03, 0.5, 0.1, 0.4, 0.2, 0.05, 0.15]
    >>> lost = xr.DataArray(np.outer(of_band, of_channel), {"band": ["theta", "alpha", "beta", "gamma"],
    ...     "channel": ["F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4"]})
    >>> loss = xr.Dataset({"score_loss": lost, "score_loss_ci_low": lost - 0.08, "score_loss_ci_high": lost + 0.08})
    >>> figure = plot_ablation(loss)
    >>> [line.get_label() for line in figure.axes[0].lines][:1]  # on the cells whose interval includes zero
    ['marked']
    """
    check_drawn("plot_ablation", loss)
    if kind not in _KINDS:
        raise ValueError(f"`kind` must be one of {', '.join(map(repr, _KINDS))}; got {kind!r}.")
    if (
        "score_loss" not in loss
        or set(loss["score_loss"].dims) != {"band", "channel"}
        or not loss.sizes["band"]
    ):
        raise ValueError(
            f"`loss` must have the variable `score_loss` over (band, channel); got {', '.join(map(str, loss))} over "
            f"{dict(loss.sizes)}. Pass what `ablate` returned."
        )
    score = loss["score_loss"].transpose("band", "channel")
    ends = {end: loss[f"score_loss_{end}"] for end in ("ci_low", "ci_high") if f"score_loss_{end}" in loss}
    score = score.assign_coords(ends)
    doubtful, sure = includes_zero(score), excludes_zero(score)
    # One row of maps, or one panel: without a name.
    cells = score.drop_vars(list(ends)).expand_dims({"panel": [""]})
    if kind == "topomaps":
        check_number_of_maps(cells)
        check_positions(cells)
    not_zero, zero = zero_words(loss)
    with style():
        if kind == "channels":
            figure = channel_images(cells, None if doubtful is None else doubtful[None])
            note = f"Dots: {zero}."
            rung = _needed_only(loss, sure)
            if rung.any():
                _ring(figure.axes[0], rung)
                note += " Crossed rings: needed, but not informative by themselves."
        else:
            figure = scalp_table(cells, None if sure is None else sure[None])
            note = f"White dots: {not_zero}; black points: {zero}."
        note = note if doubtful is not None else ""
        note = " ".join(filter(None, [note, _largest_words(loss, sure), bands_in_hz(loss)]))
        write_below(figure, loss.attrs, note=note)
    return figure


def _informative(loss: xr.Dataset) -> NDArray[np.str_] | None:
    """Return for every cell the word that says whether it tells the classes by itself, if that is known."""
    if "informative" not in loss or loss.attrs.get("readable") == "no":
        return None
    return loss["informative"].transpose("band", "channel").to_numpy().astype(str)


def _needed_only(loss: xr.Dataset, sure: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Return which cells cost the network something, but do not tell the classes by themselves."""
    informative = _informative(loss)
    score = loss["score_loss"].transpose("band", "channel").to_numpy()
    if informative is None or sure is None:
        return np.zeros(score.shape, bool)
    rung: NDArray[np.bool_] = sure & (score > 0) & (informative == "no")
    return rung


def _ring(ax: Axes, rung: NDArray[np.bool_]) -> None:
    rows, columns = np.nonzero(rung)
    mark_roles(ax, columns, rows, SUPPRESSOR, scale=_RING)


def _largest_words(loss: xr.Dataset, sure: NDArray[np.bool_] | None) -> str:
    """Return of the largest losses that are sure whether these cells tell the classes by themselves."""
    informative = _informative(loss)
    if informative is None or sure is None:
        return ""
    score = loss["score_loss"].transpose("band", "channel").to_numpy()
    size = np.where(sure & (score > 0), score, -np.inf).ravel()
    first = [int(at) for at in np.argsort(-size, kind="stable")[:_MOST_NAMED] if np.isfinite(size[at])]
    if not first:
        return ""
    bands, channels = (loss[dim].to_numpy().astype(str) for dim in ("band", "channel"))
    places = [divmod(at, len(channels)) for at in first]
    words = [
        f"{channels[column]}, {bands[row]}: {BY_ITSELF[informative[row, column]]}" for row, column in places
    ]
    return f"Largest losses: {'; '.join(words)}."
