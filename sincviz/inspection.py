"""Everything that can be read from one network, measured, then written to one folder."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike
from tqdm.auto import tqdm

from sincviz.analysis.bands import learned_bands
from sincviz.analysis.doctor import diagnose
from sincviz.analysis.drift import cutoff_drift, cutoff_history
from sincviz.analysis.importance import has_linear_head, importance, most_important
from sincviz.analysis.resolvability import filter_overlap, resolvability
from sincviz.analysis.response import filter_response
from sincviz.analysis.spatial import relative_maps, spatial_filters, spatial_patterns
from sincviz.atomic_file import replacing
from sincviz.epochs import EpochsOrArray, warned_once
from sincviz.errors import PositionsError
from sincviz.front_ends import front_end

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLES = (
    *(
        "bands",
        "resolvability",
        "drift",
        "cutoff_history",
        "importance",
        "spatial_filters",
        "spatial_patterns",
    ),
    "findings",
)
FIGURES = (
    *("bands", "responses", "responses_overlay", "cumulative_response", "overlap", "cutoff_history"),
    *("spatial_maps", "filters_and_patterns", "findings"),
)
FORMATS = ("png", "pdf", "svg")
FILES = (
    *(f"{name}.csv" for name in TABLES),
    *(f"{name}.{ending}" for name in FIGURES for ending in FORMATS),
)
MOST_PAIRS = 8


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was measured; see the function of each name."""

    bands: pd.DataFrame
    resolvability: pd.DataFrame
    drift: pd.DataFrame
    cutoff_history: pd.DataFrame | None
    response: xr.Dataset
    overlap: xr.DataArray
    importance: xr.Dataset | None
    spatial_filters: xr.DataArray
    spatial_patterns: xr.DataArray | None
    findings: pd.DataFrame

    def save(
        self,
        folder: str | os.PathLike[str],
        *,
        formats: Sequence[str] = ("png", "pdf"),
        overwrite: bool = False,
    ) -> list[str]:
        """Write tables as CSV, and figures.

        Parameters
        ----------
        folder : path-like
            Where to write; made if it does not exist.
        formats : sequence of {"png", "pdf", "svg"}
            Of the figures.
        overwrite : bool
            Replace the files of an earlier inspection; those that this one does not have are removed.

        Returns
        -------
        list of str
            Names of the files.

        Raises
        ------
        FileExistsError
            If the folder holds files of these names and ``overwrite`` is false; nothing is written.
        ValueError
            If a format is unknown.
        """
        checked_formats(formats)
        # Only this needs Matplotlib.
        from matplotlib import pyplot as plt

        from sincviz.plotting import save_figure

        folder = check_folder(folder, overwrite=overwrite)
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, table in self._tables().items():
            with replacing(folder / f"{name}.csv") as temporary:
                table.to_csv(temporary, float_format="%.6g")
            written.append(f"{name}.csv")
        drawings = self._drawings()
        for name, draw in tqdm(
            drawings.items(), "Drawing", unit="figure", delay=2, leave=False, disable=None
        ):
            figure = draw()
            for ending in formats:
                save_figure(figure, folder / f"{name}.{ending}")
                written.append(f"{name}.{ending}")
            plt.close(figure)
        for stale in set(FILES) - set(written):
            (folder / stale).unlink(missing_ok=True)
        return written

    def _tables(self) -> dict[str, pd.DataFrame]:
        tables = {
            "bands": self.bands,
            "resolvability": self.resolvability,
            "drift": self.drift,
            "cutoff_history": None if self.cutoff_history is None else self.cutoff_history.set_index("epoch"),
            "importance": None if self.importance is None else _unit_table(self.importance),
            "spatial_filters": _map_table(self.spatial_filters),
            "spatial_patterns": None if self.spatial_patterns is None else _map_table(self.spatial_patterns),
            "findings": self.findings.set_index("check"),
        }
        return {name: table for name, table in tables.items() if table is not None}

    def _drawings(self) -> "dict[str, Callable[[], Figure]]":
        from sincviz import plotting

        history, patterns = self.cutoff_history, self.spatial_patterns
        drawings: dict[str, Callable[[], Figure]] = {
            "bands": lambda: plotting.plot_bands(self.bands),
            "responses": lambda: plotting.plot_responses(self.response),
            "responses_overlay": lambda: plotting.plot_responses(self.response, overlay=True),
            "cumulative_response": lambda: plotting.plot_cumulative_response(self.response),
            "overlap": lambda: plotting.plot_overlap(self.overlap),
            "findings": lambda: plotting.plot_findings(self.findings),
        }
        if history is not None:
            drawings["cutoff_history"] = lambda: plotting.plot_cutoff_history(history)

        maps = self.spatial_filters if patterns is None else patterns
        drawings["spatial_maps"] = lambda: _or_say_why(
            lambda: plotting.plot_topomaps(self._sorted(maps, None))
        )
        if patterns is not None:
            drawings["filters_and_patterns"] = lambda: _or_say_why(
                lambda: plotting.plot_spatial_filters_and_patterns(
                    self._sorted(self.spatial_filters, MOST_PAIRS), self._sorted(patterns, MOST_PAIRS)
                )
            )
        return drawings

    def _sorted(self, maps: xr.DataArray, most: int | None) -> xr.DataArray:
        """Return the shapes of the maps, the most important first where that is known."""
        if self.importance is None:
            return relative_maps(maps).isel(filter=slice(most))
        return relative_maps(most_important(maps, self.importance, most))


def inspect(model: object, epochs: EpochsOrArray | None = None, y: ArrayLike | None = None) -> Inspection:
    """Measure everything that can be read from a network.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Anything that :func:`sincviz.front_end` knows.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times), or None
        Trials, best such that were not used in training; without them there are no patterns.
    y : array, shape (trials,) | None
        Class of each trial; ``None`` takes ``epochs.event_id``.

    Returns
    -------
    Inspection
        What was measured.

    Raises
    ------
    TypeError
        If the network is unknown.
    EpochsError
        If the epochs do not fit the network.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> found = inspect(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128))
    >>> len(found.bands), found.spatial_patterns is None
    (32, True)
    """
    parts = front_end(model)
    with warned_once(parts, epochs):
        return Inspection(
            bands=learned_bands(parts),
            resolvability=resolvability(parts, epochs),
            drift=cutoff_drift(parts),
            cutoff_history=cutoff_history(parts),
            response=filter_response(parts),
            overlap=filter_overlap(parts),
            importance=importance(parts, epochs) if has_linear_head(parts) else None,
            spatial_filters=spatial_filters(parts),
            spatial_patterns=None if epochs is None else spatial_patterns(parts, epochs),
            findings=diagnose(parts, epochs, y),
        )


def checked_formats(formats: Sequence[str]) -> Sequence[str]:
    """Return the formats of figures if all are known.

    Raises
    ------
    ValueError
        If a format is unknown.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or isinstance(formats, str):
        raise ValueError(f"Figures can be written as {', '.join(FORMATS)}; got {unknown or formats}.")
    return formats


def check_folder(
    folder: str | os.PathLike[str], names: Sequence[str] = FILES, *, overwrite: bool = False
) -> Path:
    """Return the folder if these files can be written into it.

    Raises
    ------
    FileExistsError
        If ``folder`` is a file, or holds one of the files and ``overwrite`` is false.
    """
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{str(folder)!r} is a file, not a folder. Choose another name.")
    taken = [name for name in names if (folder / name).exists()]
    if taken and not overwrite:
        raise FileExistsError(
            f"{str(folder)!r} already holds {', '.join(taken)}. Pass `--overwrite` (`overwrite=True`) to replace "
            "them, or choose another folder."
        )
    return folder


def _unit_table(found: xr.Dataset) -> pd.DataFrame:
    """Return one row per unit: importance, weights, spread, and what it adds to each class."""
    units = ["importance", "weight_norm", *(["feature_std"] if "feature_std" in found else [])]
    table = found[units].to_dataframe()[units]
    for name in found["target"].to_numpy():
        table[f"contribution_{name}"] = found["contribution"].sel(target=name).to_series()
    return table


def _map_table(maps: xr.DataArray) -> pd.DataFrame:
    """Return one row per unit, one column per channel."""
    units = maps.stack(unit=("filter", "depth")).transpose("unit", "channel")  # noqa: PD013 (of xarray)
    return pd.DataFrame(units.to_numpy(), units.indexes["unit"], units["channel"].to_numpy())


def _or_say_why(draw: "Callable[[], Figure]") -> "Figure":
    """Draw, or say in the place of the figure why it cannot be drawn."""
    from sincviz.plotting import plot_notice

    try:
        return draw()
    except PositionsError as error:
        return plot_notice("Scalp maps of this network cannot be drawn.", str(error))
