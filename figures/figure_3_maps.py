"""Figure 3: weights and patterns of the most important units in each band."""

import xarray as xr

import sincviz
from figures.publishing import publish, run
from figures.study import Study
from sincviz import plotting

UNITS_PER_BAND = 8


CAPTION = """
The {most} units that move the scores most in held-out trials, in each band that has as many (from above: {bands}; a
unit belongs to the band in which its filter peaks), network of seed 0. Upper maps: the weights, which also cancel what
a unit must not see. Lower maps: the pattern, the activity that drives the unit, from the covariance of the trials as
this filter passes them. Each map is relative to its largest value. Share of the squared importance of all units:
{shares}. {data}
"""


def leading(maps: xr.DataArray, found: xr.Dataset, bands: list[str]) -> xr.DataArray:
    """Return the maps of the most important units of each band, band after band."""
    ranked = sincviz.maps.most_important(maps, found)
    members = [ranked.isel(unit=ranked["rhythm"] == band).head(unit=UNITS_PER_BAND) for band in bands]
    return sincviz.maps.relative_maps(xr.concat(members, "unit"))


def draw(study: Study) -> None:
    """Load, measure, plot, save."""
    model, epochs = study.network(), study.held_out_epochs
    found = sincviz.maps.importance(model, epochs)
    shares = (found["importance"] ** 2).groupby("rhythm").sum(...) / (found["importance"] ** 2).sum()
    counts = found["rhythm"].to_series().value_counts() * found.sizes["depth"]
    bands = [
        band for band in ("delta", "theta", "alpha", "beta", "gamma") if counts.get(band, 0) >= UNITS_PER_BAND
    ]
    figure = plotting.plot_spatial_filters_and_patterns(
        leading(sincviz.spatial_filters(model), found, bands),
        leading(sincviz.spatial_patterns(model, epochs), found, bands),
    )
    listed = ", ".join(
        f"{band} {100 * shares.sel(rhythm=band).item():.0f} %" for band in shares["rhythm"].to_numpy()
    )
    publish(
        study,
        "figure_3_maps",
        figure,
        CAPTION.format(most=UNITS_PER_BAND, bands=", ".join(bands), shares=listed, data=study.description),
    )


if __name__ == "__main__":
    run(draw, __doc__)
