"""What the decision loses without a band of a channel."""

import xarray as xr
from matplotlib.figure import Figure

from sincviz.eeg.positions import check_positions
from sincviz.plotting.canvas.channel_images import channel_images
from sincviz.plotting.canvas.drawn_results import DrawnResult, check_drawn, check_number_of_maps
from sincviz.plotting.canvas.evidence import bands_in_hz, write_below
from sincviz.plotting.canvas.intervals import excludes_zero, includes_zero, zero_words
from sincviz.plotting.canvas.scalp_table import scalp_table
from sincviz.plotting.canvas.style import style

DRAWN = {
    "plot_ablation": DrawnResult(
        xr.Dataset, "inspection.ablation", "sincviz.ablate(model, epochs)", ("score_loss",)
    ),
}

_KINDS = ("channels", "topomaps")


def plot_ablation(loss: xr.Dataset, kind: str = "channels") -> Figure:
    """Draw how much of its score the true class loses when one band of one channel is replaced.

    Parameters
    ----------
    loss : xarray.Dataset, dims (band, channel)
        What :func:`sincviz.ablate` returned: ``score_loss`` with ``score_loss_ci_low`` and ``score_loss_ci_high``.
    kind : {"channels", "topomaps"}
        A heat map of bands over channels (or regions), or one scalp map for each band.

    Returns
    -------
    matplotlib.figure.Figure
        178 mm wide. Cells whose interval includes zero are told apart, and a line below says how.

    Raises
    ------
    TypeError
        If it is something else, such as a network; the message says what to call.
    ValueError
        If the kind is unknown, ``score_loss`` is missing or over other dimensions, or there is nothing to draw.
    PositionsError
        If a channel of scalp maps has no usable position, as regions have none.

    Examples
    --------
    >>> dims = ("band", "channel")
    >>> loss = xr.Dataset({"score_loss": (dims, [[0.4, 0.0]]), "score_loss_ci_low": (dims, [[0.2, -0.1]]),
    ...                    "score_loss_ci_high": (dims, [[0.6, 0.1]])}, {"band": ["alpha"], "channel": ["C3", "Fz"]})
    >>> [line.get_label() for line in plot_ablation(loss).axes[0].lines][:1]  # on the cell of Fz
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
            f"`loss` must hold `score_loss` over (band, channel); got {', '.join(map(str, loss))} over "
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
        else:
            figure = scalp_table(cells, None if sure is None else sure[None])
            note = f"White dots: {not_zero}; black points: {zero}."
        note = note if doubtful is not None else ""
        write_below(figure, loss.attrs, note=" ".join(filter(None, [note, bands_in_hz(loss)])))
    return figure
