"""Figure 5: can the relevance be trusted? Deletion, randomisation and ablation."""

import mne
import xarray as xr

import sincviz
from figures.publishing import publish, run, spread
from figures.study import Study
from sincviz import plotting

CAPTION = """
Can the relevance of figure 4 be trusted? Deletion: accuracy while cells (a band of a channel) are replaced by those of
another trial, {n_cells} cells in all; hatched, the area between the random order and that of relevance ({area:.2f};
networks of {n_seeds} seeds, mean and range: {areas}). Each half of the trials was tested in the order that the other
half made; the order was shown to be right in {n_shown} of {n_seeds} networks. Randomisation: similarity of the
relevance to its original while layers are drawn anew; with all of them {similarity:z.2f}. Ablation: how much of the
margin between the true class and the best other is lost without one cell; its ranks agree with those of relevance at
{agreement:.2f} (Spearman). Network of seed 0. {data}
"""


def draw(study: Study) -> None:
    """Load, measure, plot, save."""
    epochs = study.held_out_epochs
    networks = list(study.networks())
    curves = [sincviz.deletion_curve(model, epochs, progress=False) for model in networks]
    model, cells, curve = networks[0], relevance_of_cells(networks[0], epochs), curves[0]
    randomised = sincviz.randomization_test(model, epochs)
    loss = sincviz.ablate(model, epochs)
    panels = {
        "deletion": plotting.plot_deletion(curve),
        "randomization": plotting.plot_randomization(randomised),
        "ablation": plotting.plot_ablation(sincviz.attribution.sort_by_region(loss)),
    }
    publish(
        study,
        "figure_5_evidence",
        panels,
        CAPTION.format(
            n_cells=cells.sizes["band"] * cells.sizes["channel"],
            area=curve.attrs["accuracy_area"],
            n_seeds=study.seeds,
            areas=spread([one.attrs["accuracy_area"] for one in curves]),
            n_shown=sum(one.attrs["shown"] == "yes" for one in curves),
            similarity=randomised.loc[randomised["kind"] == "cascading", "similarity"].iloc[-1],
            agreement=sincviz.statistics.rank_agreement(cells.mean("target"), loss["score_loss"]),
            data=study.description,
        ),
    )


def relevance_of_cells(model: sincviz.SincShallowNet, epochs: mne.BaseEpochs) -> xr.DataArray:
    """Return relevance over (target, band, channel), contrasted between the classes."""
    return sincviz.attribution.sum_over_bands(sincviz.spectral_relevance(model, epochs, trials="contrast"))


if __name__ == "__main__":
    run(draw, __doc__)
