"""Times where the truth is known: does relevance over time find a P300, an N170, a desynchronisation, and at what cost.

    python -m benchmarks.known_latency truth    networks trained on simulated trials, five seeds: true cells and times
    python -m benchmarks.known_latency why      the same networks with fewer and more passes, no peers
    python -m benchmarks.known_latency equal    shares of frequencies and times against cross-domain-saliency-maps
    python -m benchmarks.known_latency cost     seconds over those of `spectral_relevance`, and memory

cross-domain-saliency-maps (in `benchmarks/requirements.txt`) stands in the tables where it is installed. Nothing is
downloaded. Results go to `benchmarks/results/known_latency*.csv`, tables in Markdown to the screen.

`truth`: 600 trials to train on in 40 passes, 300 new ones (occlusion: 60 of them), 32 channels, 160 Hz, the rest as the
simulations have it (ERP: -0.2 to 0.8 s; imagery: -1 to 2.5 s, power is lost from 0.5 to 2 s). True cells are those of
`true_cells_in_time` in `sincviz.analysis.evidence.recovery`, channels × windows of 50 ms. `area` is that under the ROC
curve, `area_of_size` that of absolute values.

The time of an ERP is the peak of the sum over all channels, sample by sample. A desynchronisation has no peak but a
plateau with two edges: its time is the middle of the box (two levels, fitted by least squares) that fits the sum in
windows best. The edges are in the results too; a network that averages over windows of 344 ms gives them less weight,
so they say more about its pooling than about the method.

A peer explains the margin, the first score minus the second, as our contrast does: `size` is the mean of its absolute
values over all trials, `contrast` the mean over the trials of the first class minus that over the others. References
without a network: how much the classes differ in the mean (ERP) or in power, and a linear decoder of 6000 trials.

`why`: what misses depend on: passes, number of new trials, and what each true channel is to the network, by relevance
and by the loss of score without it (`sincviz.ablate`).
"""

import argparse
import datetime as dt
import itertools
import platform
import sys
import time
import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import torch
import xarray as xr
from sklearn.covariance import ledoit_wolf
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

import sincviz
from benchmarks.cost_in_time import cost, cost_table
from benchmarks.peers_in_time import (
    CROSS_DOMAIN,
    NO_SHARES,
    STEPS,
    Margin,
    equal_shares,
    installed_peers,
    over_samples,
    stft_image,
)
from benchmarks.small_eegnet import EEGNet
from sincviz.analysis.evidence.recovery import recovery_in_time, true_cells_in_time
from sincviz.attribution import sum_over_times
from sincviz.datasets import simulate_erp, simulate_motor_imagery

RESULTS = Path(__file__).parent / "results"
N_TRAIN, N_TEST, N_OCCLUDED, N_MANY, PASSES = 600, 300, 60, 6000, 40
WINDOW_S = 0.05
ONSET_S, OFFSET_S = 0.5, 2.0
IMAGERY = {"tmin": -1.0, "duration": 3.5, "onset_s": ONSET_S, "offset_s": OFFSET_S}
BANDS_HZ = ((8.0, 13.0), (18.0, 26.0))
# The P300 is slower than the default bands, and pooling over 55 samples (344 ms) longer than either potential.
FOR_POTENTIALS = {
    "num_time_filters": 8,
    "time_filter_len": 65,
    "first_freq": 0.1,
    "min_freq": 0.1,
    "pool_size": 16,
    "pool_stride": 8,
}
CONDITIONS = {
    "P300, SincShallowNet": ("p300", FOR_POTENTIALS),
    "P300, EEGNet": ("p300", None),
    "N170, SincShallowNet": ("n170", FOR_POTENTIALS),
    "N170, EEGNet": ("n170", None),
    "ERD, SincShallowNet": ("erd", {}),
}
OURS = "sincviz, integrated gradients, contrast"
BAR_OF_AREA, BARS_S = 0.95, {"p300": 0.025, "n170": 0.025, "erd": 0.1}


def simulated(kind: str, n_trials: int, seed: int) -> tuple[mne.EpochsArray, xr.Dataset]:
    """Return trials and what is true of them."""
    if kind == "erd":
        return simulate_motor_imagery(n_trials, seed=seed, **IMAGERY)
    return simulate_erp(n_trials, component=kind, seed=seed)


def arrays(epochs: mne.EpochsArray) -> tuple[Tensor, Tensor]:
    """Return trials in microvolts and the numbers of their classes."""
    x = torch.from_numpy((epochs.get_data() * 1e6).astype(np.float32))
    return x, torch.from_numpy(epochs.events[:, 2].astype(np.int64) - 1)


def trained(
    epochs: mne.EpochsArray, settings: dict | None, seed: int, passes: int = PASSES
) -> tuple[nn.Module, object]:
    """Return a trained module, and the same as sincviz takes it; without settings an EEGNet."""
    torch.manual_seed(seed)
    if settings is not None:
        model = sincviz.SincShallowNet(
            n_outputs=2,
            n_times=len(epochs.times),
            sfreq=epochs.info["sfreq"],
            chs_info=epochs.info["chs"],
            **settings,
        )
        fitted = sincviz.training.fit(
            model, epochs, max_epochs=passes, validation=0.0, seed=seed, progress=False
        )
        return fitted.module_, fitted.module_
    x, y = arrays(epochs)
    model = EEGNet(x.shape[1], x.shape[2])
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    for _ in range(passes):
        model.train()
        for batch in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    model.eval()
    names = sorted(epochs.event_id, key=epochs.event_id.__getitem__)
    network = sincviz.network(
        model, ch_names=epochs.info["chs"], class_names=names, scale=1e6, sfreq=epochs.info["sfreq"]
    )
    return model, network


def best_box(profile: np.ndarray) -> tuple[int, int]:
    """Return the first and the last window of the raised part of a profile, two levels fitted by least squares."""
    n, sums = len(profile), np.append(0, np.cumsum(profile))
    first, end = np.triu_indices(n + 1, 1)
    size, inside = end - first, sums[end] - sums[first]
    rest = np.maximum(n - size, 1)
    raised = inside / size - (sums[-1] - inside) / rest
    gain = np.where(size < n, np.maximum(raised, 0) ** 2 * size * rest, -1)
    best = int(gain.argmax())
    return int(first[best]), int(end[best]) - 1


def timing(found: xr.DataArray, kind: str, truth: xr.Dataset) -> dict[str, float]:
    """Return when an attribution, dims (channel, time), says that the classes differ, and how far off that is."""
    if kind == "erd":
        windows = sum_over_times(found, WINDOW_S).sum("channel")
        first, last = best_box(windows.to_numpy())
        onset_s, offset_s = float(windows["time_low_s"][first]), float(windows["time_high_s"][last])
        errors = (onset_s - ONSET_S, offset_s - OFFSET_S)
        middle_error_s = abs(sum(errors)) / 2
        return {"onset_s": onset_s, "offset_s": offset_s, "time_error_s": middle_error_s}
    profile = found.sum("channel").to_numpy()
    # Where a library has windows, all samples of the largest are largest.
    peak_s = float(found["time"].to_numpy()[profile >= profile.max() * (1 - 1e-6)].mean())
    latency_s = float(truth["latency_s"].sel(source=truth["role"] == "informative")[0])
    return {"peak_s": peak_s, "time_error_s": abs(peak_s - latency_s)}


def scored(found: xr.DataArray, kind: str, truth: xr.Dataset) -> dict[str, float]:
    """Return how well an attribution, dims (channel, time), agrees with the truth."""
    windows = sum_over_times(found, WINDOW_S)
    known, of_size = recovery_in_time(windows, truth), recovery_in_time(abs(windows), truth)
    return {
        "area": known.cells,
        "area_of_size": of_size.cells,
        "best_rank": known.best_rank,
        "mass": known.mass,
    } | timing(found, kind, truth)


def ours(network: object, epochs: mne.EpochsArray) -> Iterator[tuple[str, xr.DataArray, dict]]:
    """Yield relevance over time: the contrast, and what there is without it."""
    for trials in ("contrast", "all"):
        begin = time.perf_counter()
        found = sincviz.temporal_relevance(network, epochs, trials=trials, progress=False)
        facts = {
            "seconds": (time.perf_counter() - begin) / len(epochs) * 100,
            "completeness_error": float(found.attrs["completeness_error"]),
            "n_steps": int(found.attrs["n_steps"]),
            "baseline": found.attrs["baseline"],
        }
        if trials == "contrast":
            yield OURS, found.isel(target=0), facts
        else:
            yield "sincviz, integrated gradients, all trials, size", abs(found).mean("target"), facts
    begin = time.perf_counter()
    image = sincviz.time_frequency_relevance(network, epochs, trials="contrast", progress=False)
    facts = {
        "seconds": (time.perf_counter() - begin) / len(epochs) * 100,
        "completeness_error": float(image.attrs["completeness_error"]),
    }
    columns = image.isel(target=0).sum("frequency").transpose("channel", "time")
    values = over_samples(
        columns.to_numpy(), len(epochs.times), round(image.attrs["step_s"] * image.attrs["sfreq_hz"])
    )
    found = xr.DataArray(
        values, {"channel": epochs.ch_names, "time": epochs.times}, ("channel", "time"), "columns"
    )
    yield "sincviz, time-frequency, summed over frequencies, contrast", found, facts


def of_peers(
    module: nn.Module, epochs: mne.EpochsArray, others: Tensor
) -> Iterator[tuple[str, xr.DataArray, dict]]:
    """Yield what each peer finds, twice: sizes, and the contrast of the classes."""
    x, y = arrays(epochs)
    margin, sfreq = Margin(module).eval(), epochs.info["sfreq"]
    coords = {"channel": epochs.ch_names, "time": epochs.times}
    for name, peer in installed_peers().items():
        some = slice(N_OCCLUDED if "occlusion" in name else None)
        begin = time.perf_counter()
        try:
            values = peer(margin, x[some], others, sfreq)
        except Exception as error:  # whatever a library fails with
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            continue
        facts: dict[str, float] = {"seconds": (time.perf_counter() - begin) / len(values) * 100}
        if name not in NO_SHARES:
            start = others if "SHAP" in name else torch.zeros_like(x[:1])
            with torch.no_grad():
                change = (margin(x[some]) - margin(start).mean())[:, 0].numpy()
            missed = np.abs(values.sum((1, 2), dtype=np.float64) - change).sum()
            facts["completeness_error"] = float(missed / np.abs(change).sum())
        first = y[some].numpy() == 0
        maps = {
            "size": np.abs(values).mean(0),
            "contrast": values[first].mean(0) - values[~first].mean(0),
        }
        for kind, one in maps.items():
            yield f"{name}, {kind}", xr.DataArray(one, coords, ("channel", "time"), "attribution"), facts


def without_network(
    kind: str, train_seed: int, epochs: mne.EpochsArray
) -> Iterator[tuple[str, xr.DataArray, dict]]:
    """Yield what the trials alone show, and, of potentials, the best linear decoder, fitted on many more trials."""
    x, y = (part.numpy() for part in arrays(epochs))
    coords = {"channel": epochs.ch_names, "time": epochs.times}

    def named(values: np.ndarray) -> xr.DataArray:
        return xr.DataArray(values, coords, ("channel", "time"), "reference")

    of_trials = x - x.mean(2, keepdims=True) if kind == "erd" else x
    measured = of_trials**2 if kind == "erd" else of_trials
    difference = measured[y == 0].mean(0) - measured[y == 1].mean(0)
    yield "no network: size of the classes' difference", named(np.abs(difference)), {}
    if kind == "erd":
        return
    many, codes = (part.numpy() for part in arrays(simulated(kind, N_MANY, 1000 + train_seed)[0]))
    width = round(WINDOW_S * epochs.info["sfreq"])
    means = many.reshape(len(many), many.shape[1], -1, width).mean(3).reshape(len(many), -1)
    by_class = np.stack([means[codes == code].mean(0) for code in range(2)])
    covariance, _ = ledoit_wolf(means - by_class[codes])
    weights = np.linalg.solve(covariance, by_class[0] - by_class[1]).reshape(x.shape[1], -1)
    spread = np.repeat(weights, width, 1) / width
    yield f"no network: linear decoder of {N_MANY} trials, contrast", named(spread * difference), {}


def image_scores(values: xr.DataArray) -> dict[str, float]:
    """Return whether an image, dims (frequency, time), lies in the bands and the time of the desynchronisation."""
    frequency, when = values["frequency"].to_numpy(), values["time"].to_numpy()
    in_band = np.any([(frequency >= low) & (frequency <= high) for low, high in BANDS_HZ], 0)
    while_lost = (when > ONSET_S) & (when < OFFSET_S)
    gained = np.clip(values.to_numpy(), 0, None)
    of_band = values.sel(time=while_lost).sum("time")
    row = {
        "area": float(roc_auc_score(np.outer(in_band, while_lost).ravel(), values.to_numpy().ravel())),
        "mass_in_band": float(gained[in_band].sum() / gained.sum()),
        "mass_in_time": float(gained[:, while_lost].sum() / gained.sum()),
    }
    for name, (low, high) in zip(("mu", "beta"), ((4.0, 15.0), (15.0, 40.0)), strict=True):
        row[f"peak_{name}_hz"] = float(of_band.sel(frequency=slice(low, high)).idxmax("frequency"))
    profile = values.sel(frequency=in_band).sum("frequency").to_numpy()
    first, last = best_box(profile)
    half_s = float(np.diff(when).mean()) / 2
    return row | {"onset_s": when[first] - half_s, "offset_s": when[last] + half_s}


def images(module: nn.Module, network: object, epochs: mne.EpochsArray) -> Iterator[dict]:
    """Yield how well images over frequency and time show the desynchronisation, summed over channels."""
    found = sincviz.time_frequency_relevance(network, epochs, trials="contrast", progress=False)
    yield {"method": OURS} | image_scores(found.isel(target=0).sum("channel"))
    if find_spec(CROSS_DOMAIN):
        x, y = arrays(epochs)
        image, hop = stft_image(Margin(module).eval(), x, epochs.info["sfreq"])
        first = y.numpy() == 0
        contrast = (image[first].mean(0) - image[~first].mean(0)).sum(0)
        frequency = np.fft.rfftfreq(2 * (image.shape[2] - 1), 1 / epochs.info["sfreq"])
        when = epochs.times[0] + np.arange(image.shape[3]) * hop / epochs.info["sfreq"]
        values = xr.DataArray(contrast, {"frequency": frequency, "time": when}, ("frequency", "time"))
        yield {"method": f"cross-domain-saliency-maps, STFT, {STEPS} steps, contrast"} | image_scores(values)


def truth_of(names: list[str], n_seeds: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Compare what is found in trained networks with the sources that made the trials."""
    rows, of_images = [], []
    for name in names or CONDITIONS:
        kind, settings = CONDITIONS[name]
        for seed in range(n_seeds):
            epochs, _ = simulated(kind, N_TRAIN, 2 * seed)
            test, truth = simulated(kind, N_TEST, 2 * seed + 1)
            module, network = trained(epochs, settings, seed)
            accuracy = float(sincviz.evidence.predictions(network, test)["correct"].mean())
            facts = {"condition": name, "seed": seed, "accuracy": accuracy}
            others = arrays(epochs)[0][:64]
            for found in (
                ours(network, test),
                of_peers(module, test, others),
                without_network(kind, seed, test),
            ):
                rows += [
                    facts | {"method": method} | scored(values, kind, truth) | more
                    for method, values, more in found
                ]
            if kind == "erd":
                of_images += [facts | row for row in images(module, network, test)]
            print(
                f"{name}, seed {seed}: accuracy {accuracy:.2f}, area {rows_of(rows, name, seed)}", flush=True
            )
    return pd.DataFrame(rows), pd.DataFrame(of_images)


def rows_of(rows: list[dict], name: str, seed: int) -> str:
    """Return the area and the error of our contrast in one network, in words."""
    row = next(
        row
        for row in rows
        if (row["condition"], row["seed"]) == (name, seed) and row["method"].startswith("sincviz")
    )
    return f"{row['area']:.3f} (of size {row['area_of_size']:.3f}), {1e3 * row['time_error_s']:.0f} ms"


def truth_table(results: pd.DataFrame) -> str:
    """Return one table per condition: one row per method, over seeds."""
    lines = []
    for name, of_condition in results.groupby("condition", sort=False):
        accuracy = of_condition["accuracy"]
        lines += [
            f"\n{name} (accuracy {accuracy.min():.2f} to {accuracy.max():.2f})\n",
            "| method | area, mean | worst | of size, worst | time error, median | worst | incomplete | s per 100 |",
            "|---|---:|---:|---:|---:|---:|---:|---:|",
        ]
        for method, own in of_condition.groupby("method", sort=False):
            errors, incomplete, seconds = (
                own[key].dropna() for key in ("time_error_s", "completeness_error", "seconds")
            )
            lines.append(
                f"| {method} | {own['area'].mean():.3f} | {own['area'].min():.3f} | {own['area_of_size'].min():.3f} | "
                f"{1e3 * errors.median():.0f} ms | {1e3 * errors.max():.0f} ms | "
                f"{f'{incomplete.max():.1e}' if len(incomplete) else '–'} | "
                f"{f'{seconds.median():.2f}' if len(seconds) else '–'} |"
            )
        lines.append(against_bars(of_condition, BARS_S[CONDITIONS[name][0]]))
    return "\n".join(lines)


def against_bars(of_condition: pd.DataFrame, bar_s: float) -> str:
    """Return in how many networks our contrast reaches the bars, and is at least as good as every peer."""
    own = of_condition[of_condition["method"] == OURS].set_index("seed")
    peers = of_condition[of_condition["method"].str.match("captum|cross")]
    contrasts = peers[peers["method"].str.endswith("contrast")]

    def best(of: pd.DataFrame, column: str) -> int:
        # What integrates the same path ends at the same numbers but for rounding.
        return int((own[column] > of.groupby("seed")[column].max() - 1e-3).sum())

    return (
        f"\nsincviz, contrast: area ≥ {BAR_OF_AREA} in {(own['area'] >= BAR_OF_AREA).sum()} of {len(own)}, of size in "
        f"{(own['area_of_size'] >= BAR_OF_AREA).sum()}; time within {1e3 * bar_s:.0f} ms in "
        f"{(own['time_error_s'] <= bar_s + 1e-9).sum()}. No larger area among the peers' contrasts in "
        f"{best(contrasts, 'area')}, among all that peers return in {best(peers, 'area')}; no larger area of size "
        f"among contrasts in {best(contrasts, 'area_of_size')}, among all in {best(peers, 'area_of_size')}."
    )


def equal(n_trials: int) -> pd.DataFrame:
    """Compare shares of frequencies and times with those of cross-domain-saliency-maps, from silence."""
    rows = []
    for name in ("P300, SincShallowNet", "P300, EEGNet", "ERD, SincShallowNet"):
        kind, settings = CONDITIONS[name]
        module, network = trained(simulated(kind, N_TRAIN, 0)[0], settings, 0)
        epochs = simulated(kind, n_trials, 1)[0]
        for row in equal_shares(module, network, epochs, arrays(epochs)[0]):
            rows.append({"network": name} | row)
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def why(n_seeds: int) -> pd.DataFrame:
    """Train in fewer and more passes; compare relevance with the loss of score without each true channel."""
    rows = []
    for name, (kind, settings) in CONDITIONS.items():
        if name.startswith("N170"):
            continue
        for seed, passes in itertools.product(range(n_seeds), (20, PASSES, 2 * PASSES)):
            _, network = trained(simulated(kind, N_TRAIN, 2 * seed)[0], settings, seed, passes)
            test, truth = simulated(kind, N_TEST, 2 * seed + 1)
            more, _ = simulated(kind, 5 * N_TEST, 5000 + seed)
            row: dict = {"condition": name, "seed": seed, "passes": passes}
            row["accuracy"] = float(sincviz.evidence.predictions(network, more)["correct"].mean())
            for n, epochs in ((N_TEST, test), (5 * N_TEST, more)):
                found = sincviz.temporal_relevance(network, epochs, trials="contrast", progress=False).isel(
                    target=0
                )
                score = scored(found, kind, truth)
                row |= {f"area_{n}": score["area"], f"area_of_size_{n}": score["area_of_size"]}
            windows = sum_over_times(found, WINDOW_S)
            true = xr.DataArray(true_cells_in_time(truth, windows), windows.coords, windows.dims)
            relevance = windows.sum("time")
            lost = sincviz.ablate(network, more[:N_TEST], bands={"all": (0, np.inf)}, progress=False)
            lost = lost.isel(band=0).sel(channel=relevance["channel"].to_numpy())
            names = true["channel"].to_numpy()[true.any("time").to_numpy()]
            values = {"relevance": relevance} | {name: lost[name] for name in ("score_loss", "accuracy_loss")}
            for label, of_channels in values.items():
                share = of_channels / of_channels.max()
                row[f"{label}_of_true"] = ", ".join(
                    f"{one} {float(share.sel(channel=one)):.2f}" for one in names
                )
            row["agreement"] = float(np.corrcoef(relevance, lost["score_loss"])[0, 1])
            rows.append(row)
            print(row, flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    """Run one of the four."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("truth", "why", "equal", "cost"))
    parser.add_argument(
        "conditions", nargs="*", help=f"of truth: {'; '.join(CONDITIONS)}; all of them if none"
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--turns", type=int, default=7, help="repetitions of cost")
    parser.add_argument("--trials", type=int, default=8, help="trials of equal")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    begin = time.perf_counter()
    if options.what == "truth":
        results, of_images = truth_of(options.conditions, options.seeds)
        print(truth_table(results))
        if len(of_images):
            print("\n" + of_images.drop(columns="condition").round(3).to_string(index=False))
        tables = {"": results, "_images": of_images}
    elif options.what == "equal":
        tables = {"_equal": equal(options.trials)}
        print("\n" + tables["_equal"].to_string(index=False))
    elif options.what == "why":
        tables = {"_why": why(options.seeds)}
        print("\n" + tables["_why"].to_string(index=False))
    else:
        seconds, memory = cost(options.turns)
        print("\n" + cost_table(seconds, memory))
        tables = {"_cost": seconds, "_memory": memory}
    if not options.conditions:
        for name, table in tables.items():
            table.to_csv(
                RESULTS / f"known_latency{name}.csv",
                index=False,
                float_format=lambda value: format(value, ".5g"),
            )
    print(
        f"\n{dt.date.today()}; {time.perf_counter() - begin:.0f} s, {options.threads} thread(s); Python "
        f"{platform.python_version()}, torch {torch.__version__}, sincviz {sincviz.__version__}."
    )


if __name__ == "__main__":
    main()
