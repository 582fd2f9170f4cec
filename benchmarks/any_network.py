"""Networks of braindecode, as they come: whether their front is found, whether they are inspected, and known truth.

    python -m benchmarks.any_network zoo      every network: front, inspection, page, completeness, what is changed
    python -m benchmarks.any_network truth    networks trained on simulated imagery: true cells and patterns
    python -m benchmarks.any_network speed    an EEGNet, 100 trials × 22 channels × 500 samples: seconds

Nothing is downloaded. Zoo: untrained networks on 24 simulated trials; a network that takes more than ``--limit``
seconds is stopped and counted as such. Results go to ``benchmarks/results/any_network_*.csv``.
"""

import argparse
import contextlib
import copy
import os
import signal
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import torch
from scipy.linalg import orth
from torch import nn

import sincviz
from sincviz.analysis.evidence.recovery import recovery, true_cells
from sincviz.datasets import simulate_motor_imagery
from sincviz.maps import most_important

RESULTS = Path(__file__).parent / "results"
TRAINED = ("EEGNet", "ShallowFBCSPNet", "FBCNet", "SincShallowNet")
N_TRAIN, N_TEST = 400, 200
N_SOURCES = 4  # informative ones; of so many cells it is counted how many are true
RHYTHMS = ["delta", "theta", "alpha", "beta", "gamma"]


def sizes(info: mne.Info) -> Iterator[dict]:
    """Yield the settings that networks are tried with, until one can be built."""
    for n_chans, n_outputs, n_times, sfreq in ((22, 2, 500, 250), (22, 2, 1000, 250), (22, 2, 1000, 200)):
        size = {"n_outputs": n_outputs, "n_times": n_times, "sfreq": sfreq}
        yield {"n_chans": n_chans, **size}
        yield {"chs_info": info["chs"], **size}
    for n_chans in (1, 2):
        yield {"n_chans": n_chans, "n_outputs": 5, "n_times": 3000, "sfreq": 100}
    yield {"n_chans": 16, "n_outputs": 2, "n_times": 2000, "sfreq": 2000}
    yield {"n_chans": 32, "n_outputs": 2, "n_times": 4000, "sfreq": 2000}


def built(name: str, info: mne.Info) -> tuple[nn.Module, dict] | str:
    """Return a network and its settings, or why none could be built."""
    from braindecode.models.util import models_dict

    failure = ""
    for settings in sizes(info):
        try:
            torch.manual_seed(0)
            model = models_dict[name](**settings).eval()
            n_chans = settings.get("n_chans", len(info["chs"]))
            with torch.no_grad():
                model(torch.randn(2, n_chans, settings["n_times"]))
            return model, settings
        except (Exception, SystemExit) as error:  # whatever it fails with
            failure = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
    return failure


@contextlib.contextmanager
def stopped_after(seconds: int) -> Iterator[None]:
    """Raise TimeoutError if the block takes longer."""

    def stop(*_: object) -> None:
        raise TimeoutError(f"stopped after {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


def zoo(names: list[str], limit: int, n_trials: int, only: list[str] | None) -> pd.DataFrame:
    """Inspect every network, untrained, and write its page."""
    from braindecode.models.util import models_dict

    epochs, _ = simulate_motor_imagery(24, n_chans=22, sfreq=250, duration=2, seed=0)
    rows = []
    for name in names or sorted(models_dict):
        row: dict = {"network": name}
        found = built(name, epochs.info)
        if isinstance(found, str):
            row |= {"built": False, "reason": found}
        else:
            model, settings = found
            row |= {"built": True} | inspected(model, settings, limit, n_trials, only)
        rows.append(row)
        print({key: value for key, value in row.items() if value not in ("", None)}, flush=True)
    return pd.DataFrame(rows).set_index("network")


def inspected(model: nn.Module, settings: dict, limit: int, n_trials: int, only: list[str] | None) -> dict:
    """Return what an inspection of one network gives, how long it takes, and whether it changes anything."""
    n_chans = settings.get("n_chans") or len(settings["chs_info"])
    epochs, _ = simulate_motor_imagery(
        n_trials,
        n_chans=max(2, n_chans),
        sfreq=settings["sfreq"],
        duration=settings["n_times"] / settings["sfreq"],
    )
    epochs.pick(list(range(n_chans)))
    names = [f"class {number}" for number in range(settings["n_outputs"])]
    before = copy.deepcopy(model.state_dict())
    row: dict = {"front": "", "units": None, "separability": None, "kernel_error": None, "edges": None}
    start = time.perf_counter()
    try:
        with stopped_after(limit), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network = sincviz.network(
                model, ch_names=epochs.info["chs"], class_names=names, scale=1e6, sfreq=settings["sfreq"]
            )
            y = np.resize([0, 1], len(epochs))
            inspection = sincviz.inspect(network, epochs, y, only=only, held_out=True, progress=False)
            with tempfile.TemporaryDirectory() as folder:
                inspection.report(Path(folder) / "report.html", progress=False)
                row["page_mb"] = (Path(folder) / "report.html").stat().st_size / 1e6
        net = inspection.network
        if "n_filters" in net:
            row |= {
                "front": "verified" if net["traced"] else "declared",
                "units": net["n_filters"] * net["depth"],
                "separability": net["separability"],
                "kernel_error": net["traced"].get("kernel_error"),
                "edges": sum(net["traced"].get("edges", (0, 0))),
            }
        row["missing"] = "; ".join(dict.fromkeys(inspection.missing.values()))
        if inspection.spectral_relevance is not None:
            row["completeness_error"] = float(inspection.spectral_relevance.attrs["completeness_error"])
            row["baseline"] = inspection.spectral_relevance.attrs["baseline"]
    except TimeoutError as error:
        row["stopped"] = str(error)
    except (sincviz.SincvizError, TypeError, ValueError) as error:
        row["refused"] = f"{type(error).__name__}: {error}"[:200]
    except Exception as error:  # a traceback is what is looked for
        row["traceback"] = f"{type(error).__name__}: {error}"[:200]
    row["seconds"] = time.perf_counter() - start
    after = model.state_dict()
    row["unchanged"] = not model.training and all(
        torch.equal(after[key], value) for key, value in before.items()
    )
    return row


def trained(name: str, seed: int, n_passes: int = 40) -> tuple[nn.Module, mne.Epochs, object, float]:
    """Return a network trained on simulated imagery, new trials, the truth, and its accuracy on them."""
    import braindecode.models

    settings = {"n_chans": 22, "sfreq": 125, "duration": 2}
    epochs, _ = simulate_motor_imagery(N_TRAIN, seed=2 * seed, **settings)
    test, truth = simulate_motor_imagery(N_TEST, seed=2 * seed + 1, **settings)
    x = torch.from_numpy((epochs.get_data() * 1e6).astype(np.float32))
    y = torch.from_numpy(epochs.events[:, 2].astype(np.int64) - 1)
    torch.manual_seed(seed)
    model = getattr(braindecode.models, name)(n_chans=22, n_outputs=2, n_times=x.shape[2], sfreq=125)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-2)
    for _ in range(n_passes):
        model.train()
        for batch in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    model.eval()
    network = sincviz.network(
        model, ch_names=epochs.info["chs"], class_names=["left", "right"], scale=1e6, sfreq=125
    )
    accuracy = float(sincviz.evidence.predictions(network, test)["correct"].mean())
    return network, test, truth, accuracy


def distance(pattern: np.ndarray, sources: np.ndarray) -> float:
    """Return the distance of a map to the span of the sources' maps, over its norm."""
    basis = orth(sources.T)
    return float(np.linalg.norm(pattern - basis @ (basis.T @ pattern)) / np.linalg.norm(pattern))


def truth_of(names: list[str], n_seeds: int) -> pd.DataFrame:
    """Compare relevance and patterns of trained networks with the sources that made the trials."""
    rows = []
    for name in names or TRAINED:
        for seed in range(n_seeds):
            network, epochs, truth, accuracy = trained(name, seed)
            spectra = sincviz.spectral_relevance(network, epochs, trials="contrast", progress=False)
            cells = sincviz.attribution.sum_over_bands(spectra).sel(band=RHYTHMS)
            cells = cells.isel(target=0).transpose("band", "channel")
            lost = sincviz.ablate(network, epochs, progress=False)["score_loss"].transpose("band", "channel")
            true = true_cells(truth, cells)
            highest = np.argsort(-cells.to_numpy(), axis=None)[:N_SOURCES]
            filters = sincviz.inspect(network, epochs, only=["maps"], held_out=True, progress=False)
            units = filters.importance["importance"]
            order = most_important(units, filters.importance).to_numpy() ** 2
            leading = int((np.cumsum(order) - order < order.sum() / 2).sum())
            sources = truth["scalp_map"].sel(source=truth["role"] != "artefact").to_numpy()
            far = {
                kind: [
                    distance(one, sources)
                    for one in most_important(maps, filters.importance, leading).to_numpy()
                ]
                for kind, maps in (
                    ("patterns", filters.spatial_patterns),
                    ("weights", filters.spatial_filters),
                )
            }
            rows.append(
                {
                    "network": name,
                    "seed": seed,
                    "accuracy": accuracy,
                    "area": recovery(cells, truth).cells,
                    "area_of_size": recovery(abs(cells), truth).cells,
                    "area_of_ablation": recovery(lost, truth).cells,
                    "highest_true": int(true.flatten()[highest].sum()),
                    "completeness_error": float(spectra.attrs["completeness_error"]),
                    "baseline": spectra.attrs["baseline"],
                    "leading_units": leading,
                    "separability": filters.network["separability"],
                    "explained": float(filters.spatial_patterns["explained"].median()),
                    "pattern_distance": statistics.median(far["patterns"]),
                    "pattern_distance_worst": max(far["patterns"]),
                    "weight_distance": statistics.median(far["weights"]),
                }
            )
            print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def speed(n_turns: int, device: str) -> pd.DataFrame:
    """Time the relevance of an EEGNet, and its whole inspection."""
    import braindecode.models

    epochs, _ = simulate_motor_imagery(100, n_chans=22, sfreq=250, duration=2)
    torch.manual_seed(0)
    model = braindecode.models.EEGNet(n_chans=22, n_outputs=2, n_times=500, sfreq=250).eval()
    network = sincviz.network(
        model.to(device), ch_names=epochs.info["chs"], class_names=["left", "right"], scale=1e6
    )
    rows = []
    for _ in range(n_turns):
        start = time.perf_counter()
        sincviz.spectral_relevance(network, epochs, progress=False)
        middle = time.perf_counter()
        sincviz.inspect(network, epochs, held_out=True, progress=False)
        rows.append({"relevance_s": middle - start, "inspect_s": time.perf_counter() - middle})
        print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def main() -> None:
    """Run one of the three."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("zoo", "truth", "speed"))
    parser.add_argument("networks", nargs="*", help="names of networks; all of them if none")
    parser.add_argument("--trials", type=int, default=24, help="simulated trials of the zoo")
    parser.add_argument("--only", action="append", help="a section of the zoo's inspections; all if none")
    parser.add_argument("--limit", type=int, default=300, help="seconds for one network of the zoo")
    parser.add_argument("--turns", type=int, default=3, help="seeds of truth, repetitions of speed")
    parser.add_argument("--device", default="cpu", help="of speed: cpu or cuda")
    options = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    mne.set_log_level("ERROR")
    warnings.simplefilter("ignore")
    if options.what == "zoo":
        table = zoo(options.networks, options.limit, options.trials, options.only)
    elif options.what == "truth":
        table = truth_of(options.networks, options.turns)
    else:
        table = speed(options.turns, options.device)
    print(table.to_string())
    if not options.networks:
        table.round(6).to_csv(RESULTS / f"any_network_{options.what}.csv")


if __name__ == "__main__":
    sys.exit(main())
