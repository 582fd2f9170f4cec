"""Which method finds what a network uses, where the truth is known? A table in Markdown.

    pip install -e . && python benchmarks/proving_ground.py

With braindecode installed (`pip install -r benchmarks/requirements.txt`) its method stands in the table too. Trains
networks on simulated motor imagery (400 trials, 40 passes) and scores every method on 200 trials that were simulated
anew. The true cells of the 5 bands × 32 channels are those above half the maximum of the summed absolute scalp maps of
a band's informative sources. `--cache` keeps the trained networks.
"""

import argparse
import datetime as dt
import itertools
import warnings
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr
from captum import attr
from torch import nn
from tqdm import tqdm

import sincviz
from sincviz.analysis.evidence.random_networks import layers_with_weights, with_random_layers
from sincviz.analysis.evidence.recovery import recovery
from sincviz.eeg.bands import RHYTHMS

CONDITIONS = {
    "33 taps, 160 Hz": {"taps": 33, "sfreq": 160.0},
    "33 taps, 250 Hz": {"taps": 33, "sfreq": 250.0},
    "33 taps, 250 Hz, artefacts": {"taps": 33, "sfreq": 250.0, "artefacts": True},
    "129 taps, 160 Hz": {"taps": 129, "sfreq": 160.0},
    "129 taps, 250 Hz": {"taps": 129, "sfreq": 250.0},
    "129 taps, 250 Hz, artefacts": {"taps": 129, "sfreq": 250.0, "artefacts": True},
}
N_TRAIN, N_TEST, PASSES = 400, 200, 40

Cells = Callable[[nn.Module, np.ndarray, np.ndarray], xr.DataArray]
"""From a network, trials and classes to the relevance of (band, channel) cells."""


def by_frequency(method: str) -> Cells:
    """Return spectral relevance, contrasted between the classes."""

    def cells(model: nn.Module, x: np.ndarray, y: np.ndarray) -> xr.DataArray:
        found = sincviz.spectral_relevance(model, x, y, method=method, trials="contrast", n_steps=16)
        return sincviz.attribution.sum_over_bands(found).mean("target")

    return cells


def by_filter(method: str, trials: str) -> Cells:
    """Return relevance at the sinc layer, filters put into bands by the energy of their kernels."""

    def cells(model: nn.Module, x: np.ndarray, y: np.ndarray) -> xr.DataArray:
        found = sincviz.relevance(model, x, y, method=method, trials=trials, n_steps=16)
        return sincviz.attribution.sum_over_bands(
            found, sincviz.filters.band_membership(model, by="measured_energy")
        ).mean("target")

    return cells


def of_captum(*, times_activation: bool) -> Cells:
    """Return captum's layer attribution as one gets it: mean over trials, size, filters by their nominal bands."""

    def attributed(engine: attr.LayerGradientXActivation, batch: torch.Tensor, target: int) -> np.ndarray:
        maps = engine.attribute(batch, target=target).detach()
        return (maps.sum(3) if times_activation else maps.abs().mean(3)).numpy()

    def cells(model: nn.Module, x: np.ndarray, y: np.ndarray) -> xr.DataArray:
        engine = attr.LayerGradientXActivation(
            model, model.sinc_filter_layer, multiply_by_inputs=times_activation
        )
        batches = torch.from_numpy(x).split(50)
        size = np.mean(
            [
                np.abs(np.concatenate([attributed(engine, batch, target) for batch in batches]).mean(0))
                for target in range(2)
            ],
            axis=0,
        )
        weights = sincviz.spatial_filters(model)
        coords = {"filter": weights["filter"], "channel": weights["channel"]}
        found = xr.DataArray(size, coords, ("filter", "channel"), "captum")
        return sincviz.attribution.sum_over_bands(found, sincviz.filters.band_membership(model))

    return cells


def braindecode_amplitude_gradients(model: nn.Module, x: np.ndarray, y: np.ndarray) -> xr.DataArray:
    """Return braindecode's amplitude gradients: mean over trials, size, summed over the bins of each band."""
    from braindecode.visualization import amplitude_gradients

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = np.concatenate([amplitude_gradients(model, part) for part in np.array_split(x, 4)], 1)
    size = np.abs(found.mean(1)).mean(0)
    frequency_hz = np.fft.rfftfreq(x.shape[2], 1 / model.sfreq)
    values = xr.DataArray(size, {"channel": model.ch_names, "frequency": frequency_hz}, name="braindecode")
    return sincviz.attribution.sum_over_bands(values)


def ablation(model: nn.Module, x: np.ndarray, y: np.ndarray) -> xr.DataArray:
    """Return what replacing a cell costs."""
    # Another seed than the deletion's, which must not take the same other trials.
    return sincviz.ablate(model, x, y, seed=1, progress=False)["score_loss"]


METHODS: dict[str, Cells] = {
    "gradient × input, by frequency": by_frequency("gradient_x_input"),
    "integrated gradients, by frequency": by_frequency("integrated_gradients"),
    "DeepLIFT, by frequency": by_frequency("deep_lift"),
    "gradient SHAP, by frequency": by_frequency("gradient_shap"),
    "amplitude gradient, by frequency": by_frequency("amplitude_gradient"),
    "gradient × activation, by filter": by_filter("gradient_x_activation", "contrast"),
    "integrated gradients, by filter": by_filter("integrated_gradients", "contrast"),
    "gradient (root mean square), by filter": by_filter("gradient", "all"),
    "ablation": ablation,
    "peer: captum, absolute gradient at the sinc layer": of_captum(times_activation=False),
    "peer: captum, gradient × activation at the sinc layer": of_captum(times_activation=True),
    "peer: braindecode, amplitude gradients": braindecode_amplitude_gradients,
}


def trained(taps: int, sfreq: float, seed: int, cache: Path | None, *, artefacts: bool = False):
    """Return a network, the trials it is tested on, their classes, the truth, and its accuracy."""
    settings = {
        "n_chans": 32,
        "sfreq": sfreq,
        "blinks": artefacts,
        "line_noise_hz": 50.0 if artefacts else None,
    }
    test, truth = sincviz.datasets.simulate_motor_imagery(N_TEST, seed=2 * seed + 1, **settings)
    path = None if cache is None else cache / f"{taps}_{sfreq:.0f}_{int(artefacts)}_{seed}.safetensors"
    if path is None or not path.exists():
        epochs, _ = sincviz.datasets.simulate_motor_imagery(N_TRAIN, seed=2 * seed, **settings)
        torch.manual_seed(seed)
        model = sincviz.SincShallowNet(
            n_outputs=2,
            n_times=len(epochs.times),
            sfreq=sfreq,
            chs_info=epochs.info["chs"],
            time_filter_len=taps,
        )
        model.scale, model.class_names = 1e6, ["left", "right"]
        classifier = sincviz.training.fit(model, epochs, max_epochs=PASSES, seed=seed, progress=False)
        model = classifier.module_
        if path is not None:
            sincviz.save_checkpoint(classifier, path)
    else:
        model = sincviz.load_checkpoint(path)
    x = (test.get_data() * 1e6).astype(np.float32)
    y = (test.events[:, 2] - 1).astype(np.int64)
    with torch.no_grad():
        accuracy = float((model(torch.from_numpy(x)).argmax(1).numpy() == y).mean())
    return model, x, y, truth, accuracy


def installed_methods() -> dict[str, Cells]:
    """Return the methods whose packages are installed."""
    if find_spec("braindecode"):
        return METHODS
    return {name: cells for name, cells in METHODS.items() if not name.startswith("peer: braindecode")}


def agreement(
    name: str, cells: Cells, model: nn.Module, x: np.ndarray, y: np.ndarray, truth: xr.Dataset
) -> tuple[dict[str, str | float], xr.DataArray]:
    """Return how well one method finds the true cells of one network, and what it found."""
    found = cells(model, x, y).sel(band=list(RHYTHMS)).transpose("band", "channel")
    known = recovery(found, truth)
    return {"method": name, "area": known.cells, "rank": known.best_rank, "mass": known.mass}, found


def scores(
    name: str, cells: Cells, model: nn.Module, x: np.ndarray, y: np.ndarray, truth: xr.Dataset, *, deep: bool
):
    """Return how well one method does on one network, with the evidence that needs no truth."""
    row, _ = agreement(name, cells, model, x, y, truth)

    def of_rhythms(_: object, some: np.ndarray, codes: np.ndarray) -> xr.DataArray:
        return cells(model, some, codes).sel(band=list(RHYTHMS)).transpose("band", "channel")

    # Each half of the trials is tested in the order of the other.
    curve = sincviz.deletion_curve(model, x, y, ranking=of_rhythms, n_steps=8, n_random=3, progress=False)
    row["deletion"] = curve.attrs["accuracy_area"]
    row["randomised"] = randomised(cells, model, x, y) if deep and name != "ablation" else np.nan
    return row


def randomised(
    cells: Cells, model: nn.Module, x: np.ndarray, y: np.ndarray, n_trials: int = 64, n_draws: int = 3
):
    """Return how much sizes agree (Spearman) with those of networks whose every layer is random."""
    x, y = x[:n_trials], y[:n_trials]
    own = cells(model, x, y).sel(band=list(RHYTHMS))
    layers = layers_with_weights(model, torch.from_numpy(x))
    others = [with_random_layers(model, layers, torch.from_numpy(x), seed) for seed in range(n_draws)]
    return np.mean(
        [
            sincviz.statistics.rank_agreement(abs(own), abs(cells(other, x, y).sel(band=list(RHYTHMS))))
            for other in others
        ]
    )


def table(results: pd.DataFrame) -> str:
    """Return one row per method: ROC area in each condition, and the other measures over all networks."""
    areas = results.pivot_table(index="method", columns="condition", values="area", sort=False)
    lines = [
        "| method | " + " | ".join(areas.columns) + " | worst | rank | mass | deletion | randomised |",
        "|---|" + "---:|" * (len(areas.columns) + 5),
    ]
    for name, row in areas.iterrows():
        own = results[results["method"] == name]
        randomised = own["randomised"].mean()
        lines.append(
            f"| {name} | "
            + " | ".join(f"{value:.3f}" for value in row)
            + f" | {own['area'].min():.2f} | {own['rank'].mean():.1f} | {own['mass'].mean():.2f} | "
            f"{own['deletion'].mean():.2f} | {'–' if np.isnan(randomised) else f'{randomised:.2f}'} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Read the command line, train, score, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--conditions", nargs="+", choices=CONDITIONS, default=list(CONDITIONS))
    parser.add_argument("--csv", type=Path, help="also write every single score")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "The shares of", RuntimeWarning)
    if options.cache is not None:
        options.cache.mkdir(parents=True, exist_ok=True)

    rows = []
    accuracies = []
    cases = list(itertools.product(options.conditions, range(options.seeds)))
    for condition, seed in tqdm(cases, "Networks"):
        model, x, y, truth, accuracy = trained(**CONDITIONS[condition], seed=seed, cache=options.cache)
        accuracies.append(accuracy)
        rows += [
            {"condition": condition, "seed": seed} | scores(name, cells, model, x, y, truth, deep=seed == 0)
            for name, cells in installed_methods().items()
        ]
        if options.csv is not None:
            pd.DataFrame(rows).to_csv(options.csv, index=False)
    print(table(pd.DataFrame(rows)))
    print(
        f"\n{dt.date.today()}; {len(cases)} networks, accuracy {min(accuracies):.2f} to {max(accuracies):.2f}; torch "
        f"{torch.__version__}, captum {version('captum')}, sincviz {sincviz.__version__}."
    )


if __name__ == "__main__":
    main()
