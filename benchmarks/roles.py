"""Are suppressors and redundant cells told from those that carry the information? A list of figures in Markdown.

    pip install -e . && python benchmarks/roles.py --csv benchmarks/results/roles.csv

Trains two architectures on simulated motor imagery (600 trials, 25 passes) and asks `sincviz.evidence.roles` for the
roles of 6 bands × 16 channels on 200 trials that were simulated anew.

- noise: C3 gets noise of its own (6 to 30 Hz, once or twice as strong as the mu rhythm there), and Fz records nothing
  else, so Fz tells no class, and helps to clean C3. Fz is used in a band where replacing it with that of another trial
  costs, in 1000 trials, surely more than 5 % of what the most needed cell costs.
- plain: nothing is added. The parietal rhythm is the same in both classes.
- masked, low-pass: networks of "plain" behind a layer that zeroes C4, or all frequencies
  from 13 Hz, where the beta band begins.
- null: 200 trials of "plain" and "noise" whose labels are in a random order.

Which cells carry information follows from the ROC area of their power in 6000 trials.
"""

import argparse
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr
from small_eegnet import EEGNet
from torch import Tensor, nn
from tqdm import tqdm

import sincviz
from sincviz.analysis.evidence.recovery import recovery
from sincviz.analysis.evidence.roc_areas import roc_areas
from sincviz.eeg.band_limits import band_ranges, in_ranges
from sincviz.eeg.bands import RHYTHMS
from sincviz.eeg.role_words import NO, REDUNDANT, SUPPRESSOR, USED_AND_INFORMATIVE, YES

CHANNELS = [
    "Fz",
    "FC3",
    "FCz",
    "FC4",
    "C5",
    "C3",
    "Cz",
    "C4",
    "C6",
    "CP3",
    "CPz",
    "CP4",
    "P3",
    "Pz",
    "P4",
    "POz",
]
SFREQ, DURATION_S = 128.0, 2.0
N_TRAIN, N_TEST, N_TRUTH, N_ABLATED, PASSES = 600, 200, 6000, 1000, 25
ARCHITECTURES = ("SincShallowNet", "EEGNet")
NEEDED = 0.05
INFORMATIVE, WEAK = 0.05, 0.02  # distances of the area from 0.5


class Blind(nn.Module):
    """A network that cannot see a channel, or frequencies from a limit."""

    def __init__(self, network: nn.Module, channel: int | None, limit_hz: float | None):
        super().__init__()
        self.network, self.channel, self.limit_hz = network, channel, limit_hz
        self.chs_info, self.sfreq, self.class_names = network.chs_info, SFREQ, ["left", "right"]

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        if self.channel is not None:
            x = x * (torch.arange(x.shape[1]) != self.channel)[:, None]
        if self.limit_hz is not None:
            seen = torch.fft.rfftfreq(x.shape[2], 1 / SFREQ) < self.limit_hz
            x = torch.fft.irfft(torch.fft.rfft(x) * seen, x.shape[2])
        return self.network(x)


def recording(n_trials: int, seed: int, strength: float) -> tuple[np.ndarray, np.ndarray, xr.Dataset, list]:
    """Return trials in microvolts, their classes, the truth and the channels."""
    epochs, truth = sincviz.datasets.simulate_motor_imagery(
        n_trials, ch_names=CHANNELS, sfreq=SFREQ, duration=DURATION_S, seed=seed
    )
    x, y = epochs.get_data() * 1e6, epochs.events[:, 2] - 1
    if strength:
        rng = np.random.default_rng([seed, 1])
        spectrum = np.fft.rfft(rng.standard_normal((n_trials, x.shape[2])))
        frequency_hz = np.fft.rfftfreq(x.shape[2], 1 / SFREQ)
        noise = np.fft.irfft(spectrum * ((frequency_hz >= 6) & (frequency_hz <= 30)), x.shape[2])
        rhythm_uv = abs(truth["scalp_map"].sel(source="mu_left_hemisphere", channel="C3").item())
        noise *= strength * rhythm_uv / noise.std()
        x[:, CHANNELS.index("C3")] += noise
        x[:, CHANNELS.index("Fz")] = noise + 0.3 * rng.standard_normal(noise.shape)
    return x.astype(np.float32), y.astype(np.int64), truth, epochs.info["chs"]


def trained(architecture: str, strength: float, seed: int, cache: Path | None) -> nn.Module:
    """Return a network in evaluation mode."""
    x, y, _, chs_info = recording(N_TRAIN, 10_000 + seed, strength)
    torch.manual_seed(seed)
    if architecture == "EEGNet":
        network: nn.Module = EEGNet(len(CHANNELS), x.shape[2])
        network.chs_info, network.sfreq = chs_info, SFREQ
    else:
        network = sincviz.SincShallowNet(
            n_outputs=2,
            n_times=x.shape[2],
            sfreq=SFREQ,
            chs_info=chs_info,
            num_time_filters=16,
            freq_stride=2.0,
        )
    network.class_names = ["left", "right"]
    path = None if cache is None else cache / f"{architecture}_{strength:g}_{seed}.pt"
    if path is not None and path.exists():
        network.load_state_dict(torch.load(path))
        return network.eval()
    steps = PASSES * -(-len(x) // 64)
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 5e-3, total_steps=steps)
    trials, codes = torch.from_numpy(x), torch.from_numpy(y)
    for _ in range(PASSES):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(trials[batch]), codes[batch]).backward()
            optimizer.step()
            schedule.step()
    if path is not None:
        torch.save(network.state_dict(), path)
    return network.eval()


def true_distances(found: xr.Dataset, strength: float) -> np.ndarray:
    """Return how far from 0.5 the area of every cell's power is in many trials, shape (bands, channels)."""
    x, y, _, _ = recording(N_TRUTH, 1, strength)
    power = np.abs(np.fft.rfft(x)) ** 2
    frequency_hz = np.fft.rfftfreq(x.shape[2], 1 / SFREQ)
    members = np.array([in_ranges(frequency_hz, ranges) for ranges in band_ranges(found)])
    of_bands = np.log(np.einsum("bk,tck->bct", members.astype(float), power))
    return np.abs(roc_areas(of_bands, (y == 0)[None])[..., 0] - 0.5)


def needed_bands(network: nn.Module, strength: float) -> dict[str, bool]:
    """Return in which bands the network needs Fz, in many trials."""
    x, y, _, _ = recording(N_ABLATED, 2, strength)
    loss = sincviz.ablate(network, x, y, channels=["Fz", "C3", "C4", "CP3"], progress=False)
    fz, largest = loss.sel(channel="Fz"), loss["score_loss"].max().item()
    needed = (fz["score_loss"] > NEEDED * largest) & (fz["score_loss_ci_low"] > 0)
    return {str(band): bool(is_needed) for band, is_needed in needed.to_series().items()}


def measured(
    kind: str, found: xr.Dataset, distances: np.ndarray, unseen: np.ndarray, fz: dict[str, bool]
) -> dict:
    """Return counts of one network."""
    role = found["role"].isel(target=0).to_numpy()
    size = np.abs(found["relevance"].isel(target=0).to_numpy())
    told, suppressed = distances >= INFORMATIVE, role == SUPPRESSOR
    row = {
        "used_and_informative": int((role == USED_AND_INFORMATIVE).sum()),
        "suppressors": int(suppressed.sum()),
        "redundant": int((role == REDUNDANT).sum()),
        "informative_cells": int(told.sum()),
        "informative_called_suppressor": int((told & suppressed).sum()),
        "weak_cells": int(((distances >= WEAK) & ~told).sum()),
        "weak_called_suppressor": int((suppressed & (distances >= WEAK) & ~told).sum()),
        "empty_called_suppressor": int((suppressed & (distances < WEAK)).sum()),
    }
    if kind == "noise":
        bands = found["band"].to_numpy().tolist()
        rows = [bands.index(band) for band, needed in fz.items() if needed]
        column = CHANNELS.index("Fz")
        row |= {"fz_needed": len(rows), "fz_called_suppressor": int(suppressed[rows, column].sum())}
        if rows:
            strongest = rows[int(np.argmax(found["spread"].isel(target=0).to_numpy()[rows, column]))]
            row["fz_strongest_called"] = bool(suppressed[strongest, column])
        both = role == USED_AND_INFORMATIVE
        row["fz_share"] = float(size[:, column][both[:, column]].sum() / max(size[both].sum(), 1e-12))
    if unseen.any():
        for name, least in (("", INFORMATIVE), ("_clear", 0.15)):
            cells = unseen & (distances >= least)
            row |= {
                f"unseen{name}": int(cells.sum()),
                f"unseen{name}_called": int((role[cells] == REDUNDANT).sum()),
            }
        row["seen_called_redundant"] = int((role[~unseen] == REDUNDANT).sum())
        row["unseen_called_used"] = int((found["used"].isel(target=0).to_numpy()[unseen] == YES).sum())
    return row


def areas(found: xr.Dataset, truth: xr.Dataset) -> dict[str, float]:
    """Return how well relevance finds the true cells, alone and with information."""
    of_rhythms = found.isel(target=0).sel(band=list(RHYTHMS))
    size = np.abs(of_rhythms["relevance"])
    words = of_rhythms["informative"]
    weighted = size * xr.where(words == YES, 1.0, xr.where(words == NO, 0.0, 0.5))
    return {
        "area": recovery(size, truth).cells,
        "area_restricted": recovery(size.where(words != NO, 0.0), truth).cells,
        "area_weighted": recovery(weighted, truth).cells,
    }


def cases(seeds: list[int], cache: Path | None) -> Iterator[tuple[str, str, float, int, nn.Module]]:
    """Yield kind, architecture, strength, seed and network."""
    for seed in seeds:
        for architecture in ARCHITECTURES:
            for strength in (0.0, 1.0, 2.0):
                network = trained(architecture, strength, seed, cache)
                yield "noise" if strength else "plain", architecture, strength, seed, network
                if not strength:
                    yield (
                        "masked",
                        architecture,
                        strength,
                        seed,
                        Blind(network, CHANNELS.index("C4"), None).eval(),
                    )
                    yield "low-pass", architecture, strength, seed, Blind(network, None, 13.0).eval()


def main() -> None:
    """Read the command line, train, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=list(range(5)))
    parser.add_argument("--nulls", type=int, default=4, help="data sets with permuted labels per network")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--csv", type=Path, help="write the row of every network")
    options = parser.parse_args()
    if options.cache is not None:
        options.cache.mkdir(parents=True, exist_ok=True)
    rows, distances_of = [], {}
    for number, (kind, architecture, strength, seed, network) in enumerate(
        tqdm(cases(options.seeds, options.cache), "Networks", 10 * len(options.seeds))
    ):
        x, y, truth, _ = recording(N_TEST, 20_000 + seed, strength)
        found = sincviz.evidence.roles(network, x, y, progress=False)
        if strength not in distances_of:
            distances_of[strength] = true_distances(found, strength)
        unseen = np.zeros(found["role"].shape[1:], bool)
        if kind == "masked":
            unseen[:, CHANNELS.index("C4")] = True
        elif kind == "low-pass":
            unseen[found["band_low_hz"].to_numpy() >= 13] = True
        with torch.no_grad():
            accuracy = float((network(torch.from_numpy(x)).argmax(1).numpy() == y).mean())
        row = {
            "kind": kind,
            "architecture": architecture,
            "strength": strength,
            "seed": seed,
            "accuracy": accuracy,
        }
        fz = needed_bands(network, strength) if kind == "noise" else {}
        row |= measured(kind, found, distances_of[strength], unseen, fz)
        if kind == "plain":
            row |= areas(found, truth)
        if kind in ("plain", "noise"):
            rng = np.random.default_rng([seed, number % 10])
            nulls = [
                sincviz.evidence.roles(network, x, rng.permutation(y), seed=draw, progress=False)["role"]
                for draw in range(options.nulls)
            ]
            row["nulls"] = options.nulls
            for word, name in (
                (USED_AND_INFORMATIVE, "both"),
                (SUPPRESSOR, "suppressor"),
                (REDUNDANT, "redundant"),
            ):
                row[f"nulls_with_{name}"] = sum(bool((role == word).any()) for role in nulls)
        rows.append(row)
        if options.csv is not None:
            pd.DataFrame(rows).to_csv(options.csv, index=False)
    print(summary(pd.DataFrame(rows)))
    print(
        f"\n{dt.date.today()}; {len(rows)} networks; torch {torch.__version__}, sincviz {sincviz.__version__}."
    )


def summary(table: pd.DataFrame) -> str:
    """Return the figures as a list in Markdown."""

    def share(of: pd.DataFrame, part: str, whole: str) -> str:
        return f"{of[part].sum():.0f} of {of[whole].sum():.0f}"

    noise, plain = table[table["kind"] == "noise"], table[table["kind"] == "plain"]
    own = table[table["kind"].isin(["noise", "plain"])]
    needing = noise[noise["fz_needed"] > 0]
    lines = [
        f"accuracy {table['accuracy'].min():.2f} to {table['accuracy'].max():.2f}",
        f"suppressors: cells {share(noise, 'fz_called_suppressor', 'fz_needed')}; strongest band of a network "
        f"{needing['fz_strongest_called'].astype(bool).sum()} of {len(needing)}",
        f"informative cells called suppressor: {share(own, 'informative_called_suppressor', 'informative_cells')}; "
        f"networks with any {(own['informative_called_suppressor'] > 0).sum()} of {len(own)}",
        f"weakly informative cells called suppressor: {share(own, 'weak_called_suppressor', 'weak_cells')}; networks "
        f"with any {(own['weak_called_suppressor'] > 0).sum()} of {len(own)}",
        f"share of Fz in the relevance of what is used and informative: mean {noise['fz_share'].mean():.4f}, largest "
        f"{noise['fz_share'].max():.4f}",
        *(
            f"{kind}: unseen informative cells called redundant {share(of, 'unseen_called', 'unseen')}, of those with "
            f"an area beyond 0.65 {share(of, 'unseen_clear_called', 'unseen_clear')}; seen cells called redundant "
            f"{of['seen_called_redundant'].sum():.0f}; unseen called used {of['unseen_called_used'].sum():.0f}"
            for kind, of in table[table["kind"].isin(["masked", "low-pass"])].groupby("kind")
        ),
        f"area of relevance {plain['area'].mean():.3f}, restricted {plain['area_restricted'].mean():.3f}, weighted "
        f"{plain['area_weighted'].mean():.3f}; largest loss {(plain['area'] - plain['area_restricted']).max():.3f}, "
        f"{(plain['area'] - plain['area_weighted']).max():.3f}",
        *(
            f"null data sets with {name}: {share(own, f'nulls_with_{name}', 'nulls')}"
            for name in ("both", "suppressor", "redundant")
        ),
    ]
    return "\n".join(f"- {line}" for line in lines)


if __name__ == "__main__":
    main()
