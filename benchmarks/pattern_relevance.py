"""How well pattern relevance finds the sources, and what it holds in a channel that only carries their noise.

    python -m benchmarks.pattern_relevance          trains the networks; writes results/pattern_relevance.csv
    python -m benchmarks.pattern_relevance cost     time over that of spectral relevance

Trials of 2 s at 128 Hz, 24 channels, as in `benchmarks.known_truth`; networks learn from 400 and are judged on 160,
40 or 16 that are new. In "hands" mu and beta of both hemispheres tell the class. In "suppressor" those of the left one
do, and lie under noise of 6 to 32 Hz with the same scalp map as its mu; Fz carries that noise and nothing else, so a
network must subtract Fz. Cells are bands × channels; true are those above half the maximum of the summed absolute scalp
maps of a band's informative sources. Besides the two functions of the package stand two other ways to share out the
relevance of a frequency: by weight times pattern, Re(g* S g), and by the power of channels, which knows nothing of the
network.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr
from sklearn.metrics import roc_auc_score
from torch import Tensor, nn

import sincviz
from benchmarks.known_truth import HANDS, HEAD, N_TIMES, SFREQ, Recording, random_codes, recorded, trained
from benchmarks.small_eegnet import EEGNet
from sincviz.analysis.attribution.cross_spectra import cross_spectra
from sincviz.analysis.attribution.input_relevance import InputSetting, input_relevance
from sincviz.analysis.attribution.spectral import over_frequencies
from sincviz.analysis.attribution.spectral_shares import spectral_shares
from sincviz.analysis.evidence.recovery import true_cells
from sincviz.datasets.simulated_signals import rhythm
from sincviz.datasets.simulated_sources import DISTRACTOR, sources_in_head
from sincviz.opening.inputs import analysis_inputs

N_TRAIN, N_TEST = 400, 160
NOISE_UV, NOISE_HZ = 10.0, (6.0, 32.0)
SOURCES = {"hands": HANDS, "suppressor": (HANDS[0], HANDS[2])}
RESULTS = Path(__file__).parent / "results"


def simulated(condition: str, n_trials: int, rng: np.random.Generator) -> Recording:
    """Return trials of a condition."""
    codes = random_codes(n_trials, rng)
    if condition == "hands":
        return recorded(codes, (*HANDS, DISTRACTOR), rng)
    recording = recorded(codes, (*SOURCES[condition], DISTRACTOR), rng, erd=0.8)
    level = np.exp(0.4 * rng.standard_normal(n_trials))
    noise = NOISE_UV * rhythm(level, *NOISE_HZ, N_TIMES, SFREQ, rng)
    mu_left = sources_in_head(HANDS[:1], HEAD, SFREQ, N_TIMES, 6.0)[1][0]
    uv = recording.uv + noise[:, None] * (mu_left / abs(mu_left).max())[:, None]
    uv[:, HEAD.index("Fz")] = noise + 0.5 * rng.standard_normal(noise.shape)
    return Recording(uv, codes, recording.names, HEAD)


class Scaled(nn.Module):
    """Microvolts over ten."""

    def forward(self, x: Tensor) -> Tensor:
        """Return numbers near 1."""
        return x / 10


def trained_eegnet(recording: Recording, seed: int, n_passes: int = 40) -> nn.Module:
    """Return a small EEGNet trained on a recording."""
    torch.manual_seed(seed)
    model = nn.Sequential(Scaled(), EEGNet(len(HEAD), N_TIMES))
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=1e-2)
    x, y = torch.from_numpy(recording.uv.astype(np.float32)), torch.from_numpy(recording.codes)
    for _ in range(n_passes):
        for rows in torch.randperm(len(x)).split(32):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimizer.step()
    return model.eval()


def known(condition: str) -> xr.Dataset:
    """Return the informative sources as simulations of the package describe them."""
    sources = SOURCES[condition]
    maps = sources_in_head(sources, HEAD, SFREQ, N_TIMES, 6.0)[1]
    along = {
        name: ("source", [getattr(one, name) for one in sources]) for name in ("role", "low_hz", "high_hz")
    }
    return xr.Dataset({"scalp_map": (("source", "channel"), maps)}, {**along, "channel": list(HEAD)})


def by_weight_and_pattern(signal: Tensor, gradients: Tensor, spectra: Tensor) -> Tensor:
    """Share out the relevance of a frequency by Re(g* S g)."""
    relevance = spectral_shares(signal, gradients)
    read = torch.fft.rfft(gradients - gradients.mean(0))
    parts = (read.conj() * torch.einsum("fcd,kbdf->kbcf", spectra.to(read), read)).real
    return relevance.sum(-2, keepdim=True) * parts / parts.sum(-2, keepdim=True)


def by_power(signal: Tensor, gradients: Tensor, spectra: Tensor) -> Tensor:
    """Share out the relevance of a frequency by the power of channels."""
    power = spectra.diagonal(dim1=1, dim2=2).real.T.to(signal)
    return spectral_shares(signal, gradients).sum(-2, keepdim=True) * power / power.sum(0)


def with_other_shares(shares: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Callable[..., xr.DataArray]:
    """Return a function like pattern relevance of single trials, with other shares."""

    def relevance(model: nn.Module, x: np.ndarray, y: np.ndarray, **_: object) -> xr.DataArray:
        network, trials, labels = analysis_inputs(model, x, y)
        spectra = cross_spectra(network, trials)

        def split_of(sampling):
            return over_frequencies()(sampling)._replace(
                share=lambda x, gradients: shares(x, gradients, spectra)
            )

        return input_relevance(network, trials, labels, split_of, InputSetting(sfreq=SFREQ), per_trial=True)

    return relevance


METHODS = {
    "spectral_relevance": sincviz.spectral_relevance,
    "pattern_relevance": sincviz.attribution.pattern_relevance,
    "weight times pattern": with_other_shares(by_weight_and_pattern),
    "power of channels": with_other_shares(by_power),
}


def judged(single: xr.DataArray, y: np.ndarray, condition: str) -> dict[str, float]:
    """Return how well the contrast finds the true cells, and what Fz holds of it and of single trials."""
    bands = sincviz.attribution.sum_over_bands(single.assign_coords(channel=list(HEAD)))
    bands = (bands.isel(target=0) - bands.isel(target=1)).transpose("trial", "band", "channel")
    contrast = bands[y == 0].mean("trial") - bands[y == 1].mean("trial")
    cells = true_cells(known(condition), contrast)
    found = {"area": roc_auc_score(cells.ravel(), contrast.to_numpy().ravel())}
    sizes = {"contrast": abs(contrast), "single": abs(bands).mean("trial")}
    found["area_of_sizes"] = roc_auc_score(cells.ravel(), sizes["single"].to_numpy().ravel())
    for name, size in sizes.items():
        found[f"fz_{name}"] = float(size.sel(channel="Fz").sum() / size.sum())
        inside = size[cells.any(1)]
        found[f"fz_{name}_in_true_bands"] = float(inside.sel(channel="Fz").sum() / inside.sum())
    return found


def measure(seeds: int) -> pd.DataFrame:
    """Train, explain and judge."""
    rows = []
    for seed in range(seeds):
        for condition in SOURCES:
            rng = np.random.default_rng(seed)
            train, test = (simulated(condition, n_trials, rng) for n_trials in (N_TRAIN, N_TEST))
            x = test.uv.astype(np.float32)
            without = x.copy()
            without[:, HEAD.index("Fz")] = 0
            for name, fit in (("SincShallowNet", trained), ("EEGNet", trained_eegnet)):
                network = fit(train, seed).eval()
                with torch.no_grad():
                    right = [
                        float((network(torch.from_numpy(one)).argmax(1).numpy() == test.codes).mean())
                        for one in (x, without)
                    ]
                for n_trials in (160, 40, 16):
                    y = test.codes[:n_trials]
                    for method, of in METHODS.items():
                        single = of(network, x[:n_trials], y, sfreq=SFREQ, per_trial=True, progress=False)
                        rows.append(
                            {"condition": condition, "network": name, "seed": seed, "n_trials": n_trials}
                            | {"method": method, "accuracy": right[0], "accuracy_without_fz": right[1]}
                            | judged(single, y, condition)
                        )
                print(
                    f"seed {seed}, {condition}, {name}: {right[0]:.3f}, without Fz {right[1]:.3f}", flush=True
                )
    return pd.DataFrame(rows)


def cost(turns: int) -> None:
    """Print the time of pattern relevance over that of spectral relevance, in turns."""
    rng = np.random.default_rng(0)
    for n_chans, n_times, n_trials in ((22, 500, 100), (64, 480, 100)):
        torch.manual_seed(0)
        network = EEGNet(n_chans, n_times).eval()
        x = rng.standard_normal((n_trials, n_chans, n_times)).astype(np.float32)
        ratios = []
        for turn in range(turns + 1):
            seconds = []
            for of in (sincviz.spectral_relevance, sincviz.attribution.pattern_relevance):
                start = time.perf_counter()
                of(network, x, sfreq=250, baseline="zero", n_steps=16, progress=False)
                seconds.append(time.perf_counter() - start)
            if turn:
                ratios.append(seconds[1] / seconds[0])
        print(
            f"{n_trials} trials × {n_chans} channels × {n_times} samples: {statistics.median(ratios):.2f} times "
            f"({min(ratios):.2f} to {max(ratios):.2f}, last {seconds[0]:.2f} and {seconds[1]:.2f} s)"
        )


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=("truth", "cost"), default="truth")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--turns", type=int, default=7)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.what == "cost":
        cost(arguments.turns)
        return
    table = measure(arguments.seeds)
    table.round(4).to_csv(RESULTS / "pattern_relevance.csv", index=False)
    by = ["condition", "network", "n_trials", "method"]
    print(table.groupby(by, sort=False).mean().drop(columns="seed").round(3).to_string())
    print(table.groupby(by, sort=False)["area"].agg(["min", "max"]).round(3).to_string())


if __name__ == "__main__":
    main()
