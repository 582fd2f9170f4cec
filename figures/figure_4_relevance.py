"""Figure 4: what separates the classes, by band and on the scalp, with the evidence for it."""

import pandas as pd

import sincviz
from figures.publishing import publish, run, spread
from figures.study import Study
from sincviz import plotting
from sincviz.inspection.words import verdict_words

CAPTION = """
What separates the classes in the score difference of the network of seed 0, first class minus second: spectral
relevance, mean over the trials of the first class minus mean over those of the second, for each band of the input. One
scale for all maps; the values add up to the whole difference. White dots: the 95 % interval over trials excludes zero;
numbers in parentheses: it does not.
{leading} Shares of the bands in the networks of {n_seeds} seeds, mean and range: {shares}. {data}
"""


def draw(study: Study) -> None:
    """Load, measure, plot, save."""
    model, epochs = study.network(), study.held_out_epochs
    single = sincviz.attribution.sum_over_bands(sincviz.spectral_relevance(model, epochs, per_trial=True))
    cells = sincviz.statistics.bootstrap_intervals(single, trials="contrast")
    summed = sincviz.statistics.bootstrap_intervals(single.sum("channel", keep_attrs=True), trials="contrast")
    curve = sincviz.deletion_curve(model, epochs, ranking=single)
    panels = {
        "maps": plotting.plot_relevance(cells, deletion=curve),
        "bands": plotting.plot_relevance(summed, "matrix", curve),
    }
    inspection = sincviz.inspect(model, epochs, only=["relevance"])
    found = inspection.leading_bands
    assert found is not None  # there are trials of both classes
    shares = pd.DataFrame([shares_of_bands(one, study) for one in study.networks()])
    publish(
        study,
        "figure_4_relevance",
        panels,
        CAPTION.format(
            leading=" ".join(words(str(name), rows) for name, rows in found.groupby("target", sort=False))
            if inspection.verdict["readable"]
            else verdict_words(inspection),
            n_seeds=study.seeds,
            shares=", ".join(f"{band} {spread(shares[band])}" for band in shares),
            data=study.description,
        ),
    )


def words(name: str, rows: pd.DataFrame) -> str:
    """Return a sentence on the band that leads for a class."""
    first = rows.iloc[0]
    if not first["established"]:
        return f"For {name} no band is established."
    share = "most" if pd.isna(first["share"]) else f"{100 * first['share']:.0f} %"
    where = (
        f", established at {first['channels']} (p < 0.05, corrected for all cells)"
        if first["channels"]
        else ""
    )
    large = (
        f", large but not established at {first['uncertain_channels']}" if first["uncertain_channels"] else ""
    )
    return f"For {name}: {share} from {rows.index[0][1]}, peak at {first['peak_hz']:.1f} Hz{where}{large}."


def shares_of_bands(model: sincviz.SincShallowNet, study: Study) -> pd.Series:
    """Return the part of what separates the classes that lies in each band."""
    spectrum = sincviz.spectral_relevance(model, study.held_out_epochs, trials="contrast")
    worth = sincviz.attribution.sum_over_bands(spectrum).sum("channel").mean("target").to_series()
    return worth / worth.sum()


if __name__ == "__main__":
    run(draw, __doc__)
