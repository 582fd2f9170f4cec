"""Are planted shortcuts named, and is the accuracy without them right? A table, and its summary in Markdown.

    pip install -e . && python benchmarks/shortcuts.py --seeds 100 104 --csv benchmarks/results/shortcuts.csv

Motor imagery of 16 channels, 128 Hz and 2 s (`sincviz.datasets.simulate_motor_imagery`) of three strengths, with one
shortcut planted: eye movements to the side of the class or more blinks, muscles at the temples, a line at 50 Hz,
classes whose frequency differs between eight subjects or ten blocks, each with a signature of its own. A SincShallowNet
of ten filters is trained on 400 trials and audited on 600 others (`sincviz.shortcut_audit`).

- used: what the accuracy loses where the artefact is the same in both classes, or classes are equally frequent.
- truth: the same network trained and tested on the same trials without the shortcut: without the artefact, or
  (subjects, blocks) with equally frequent classes, and tested on 2000 trials. What lowers the accuracy by less than two
  points is no shortcut; where it is used by two points or more nevertheless, it counts as neither.
- clean: nothing is planted. neutral: the artefact, or the signature, is the same in both classes. unrecognisable:
  classes differ in frequency between subjects or blocks that are alike. unused: the network was trained on "neutral"
  trials.

Thresholds were chosen on the seeds 0 to 2.
"""

import argparse
import functools
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import mne
import numpy as np
import pandas as pd
import torch

import sincviz
from sincviz.analysis.doctor.shortcuts import KINDS
from sincviz.datasets.simulated_signals import BLINK_DURATION_S, peaks, rhythm
from sincviz.datasets.simulated_sources import anatomy

# fmt: off
CHANNELS = ("Fp1", "Fp2", "F7", "F8", "T7", "T8", "C3", "Cz", "C4", "FC3", "FC4", "CP3", "CP4", "Pz", "P7", "P8")
# fmt: on
SFREQ, DURATION_S, N_TIMES = 128.0, 2.0, 256
N_TRAIN, N_TEST, N_TRUTH = 400, 600, 2000
DEPTHS = (0.5, 0.65, 0.8)
STRENGTHS = (0.8, 1.3, 2.0)
N_SUBJECTS, N_BLOCKS = 8, 10
LEAST_LOSS = 0.02


class Case(NamedTuple):
    """What is planted, and how."""

    planted: str
    variant: str
    strength: float
    depth: float


class Trials(NamedTuple):
    """Microvolts, classes, and the number of subject or block."""

    uv: np.ndarray
    codes: np.ndarray
    group: np.ndarray


def cases() -> Iterator[Case]:
    """Yield what is planted for each seed."""
    for number, kind in enumerate(KINDS):
        for place, strength in enumerate(STRENGTHS):
            yield Case(kind, "planted", strength, DEPTHS[(number + place) % 3])
        yield Case(kind, "neutral", 2.0, DEPTHS[number % 3])
        yield Case(kind, "unused", 1.0, DEPTHS[(number + 1) % 3])
    yield Case("subject", "unrecognisable", 1.0, 0.65)
    yield Case("block", "unrecognisable", 1.0, 0.65)
    for depth in DEPTHS:
        yield Case("", "clean", 0.0, depth)


@functools.cache
def maps() -> dict[str, np.ndarray]:
    """Return scalp maps that are 1 at their largest."""
    under = ("F7", "F8", "Fpz", "T7", "T8", "Oz", "POz", "P3", "P4", "F3", "F4", "Cz")
    head = anatomy([{name: 1.0} for name in under], [0.85] * len(under), CHANNELS, SFREQ)
    return dict(zip(under, head.maps_uv(np.ones(len(under))), strict=True))


def simulated(case: Case, n_trials: int, seed: int, *, related: bool, artefact: bool, world: int) -> Trials:
    """Return trials; the ones without the artefact are otherwise the same."""
    rng = np.random.default_rng([seed, 1])
    epochs, _ = sincviz.datasets.simulate_motor_imagery(
        n_trials,
        ch_names=CHANNELS,
        sfreq=SFREQ,
        duration=DURATION_S,
        erd_depth=case.depth,
        snr_db=0.0,
        seed=seed,
    )
    uv = epochs.get_data(copy=False) * 1e6
    codes = (epochs.events[:, 2] == epochs.event_id["right"]).astype(np.int64)
    if case.planted in ("subject", "block"):
        return _grouped(case, uv, codes, rng, related=related, artefact=artefact, world=world)
    group = np.zeros(n_trials, np.int64)
    side = (2 * codes - 1) * (0.5 if related else 0.0)
    if not related and artefact:
        side = rng.permuted(2 * codes - 1) * 0.5
    added = _artefact(case, side, world, rng)
    return Trials((uv + added * artefact).astype(np.float32), codes, group)


def _artefact(case: Case, side: np.ndarray, world: int, rng: np.random.Generator) -> np.ndarray | float:
    n = len(side)
    times = np.arange(N_TIMES) / SFREQ
    if case.planted == "eye" and world % 2:  # to the side
        height = 25.0 * (case.strength * 1.2 * side + rng.standard_normal(n))
        course = height[:, None] * peaks(rng.uniform(0.4, 1.6, n), 0.6, times)
        return (maps()["F8"] - maps()["F7"])[:, None] * course[:, None]
    if case.planted == "eye":  # blinks
        blinked = rng.random(n) < 0.5 + np.clip(0.5 * case.strength, 0, 0.9) * side
        height = 80.0 * np.exp(0.2 * rng.standard_normal(n)) * blinked
        center = rng.uniform(0.2, 1.8, (n, 1))
        phase = np.clip((times - center) / BLINK_DURATION_S, -0.5, 0.5)
        return maps()["Fpz"][:, None] * (height[:, None] * np.cos(np.pi * phase) ** 2)[:, None]
    if case.planted == "muscle":
        total = 0.0
        for name in ("T7", "T8") if world % 2 else ("T7",):
            power = (3.0 * np.exp(0.6 * case.strength * side + 0.35 * rng.standard_normal(n))) ** 2
            course = rhythm(power, 20.0, 63.0, N_TIMES, SFREQ, rng)
            total = total + maps()[name][:, None] * course[:, None]
        return total
    if case.planted == "line":
        level = 3.0 * np.exp(0.6 * case.strength * side + 0.35 * rng.standard_normal(n))
        phase = 2 * np.pi * (rng.random((n, 1)) + rng.normal(50.0, 0.03, (n, 1)) * times)
        cable = np.random.default_rng(world).uniform(0.3, 1.5, len(CHANNELS))
        return cable[:, None] * (level[:, None] * np.sin(phase))[:, None]
    return 0.0


def _grouped(
    case: Case,
    uv: np.ndarray,
    codes: np.ndarray,
    rng: np.random.Generator,
    *,
    related: bool,
    artefact: bool,
    world: int,
) -> Trials:
    """Return trials of subjects or blocks, each with a signature and, if related, more trials of one class."""
    n_groups = N_SUBJECTS if case.planted == "subject" else N_BLOCKS
    fixed = np.random.default_rng([world, 2])
    more = fixed.permutation(np.resize([-1, 1], n_groups))
    excess = min(0.35, 0.1 + 0.13 * case.strength) if related else 0.0
    share = 0.5 + excess * more[None] * (2 * codes[:, None] - 1)
    group = np.array([rng.choice(n_groups, p=row / row.sum()) for row in share])
    if case.variant == "unrecognisable" or not artefact:
        return Trials(uv.astype(np.float32), codes, group)
    names = list(maps())
    if (
        case.planted == "subject"
    ):  # a rhythm of its own, of its own strength, and electrodes of their own gain
        uv = uv * np.exp(0.4 * fixed.standard_normal((n_groups, len(CHANNELS))))[group][:, :, None]
        level = 6.0 * np.exp(0.8 * fixed.standard_normal(n_groups))
        where = np.array([maps()[names[number]] for number in fixed.integers(0, len(names), n_groups)])
        course = rhythm(np.ones(len(codes)), 7.0, 12.0, N_TIMES, SFREQ, rng)
        return Trials(
            (uv + (level[:, None] * where)[group][:, :, None] * course[:, None]).astype(np.float32),
            codes,
            group,
        )
    if world % 2:  # offsets that stay for a block
        offset = 15.0 * fixed.standard_normal((n_groups, len(names))) @ np.array(list(maps().values()))
        return Trials((uv + offset[group][:, :, None]).astype(np.float32), codes, group)
    gain = np.exp(0.4 * fixed.standard_normal((n_groups, len(CHANNELS))))
    return Trials((uv * gain[group][:, :, None]).astype(np.float32), codes, group)


def as_epochs(case: Case, trials: Trials) -> mne.EpochsArray:
    """Return trials in the order of their blocks."""
    order = (
        np.argsort(trials.group, kind="stable") if case.planted == "block" else np.arange(len(trials.codes))
    )
    info = mne.create_info(list(CHANNELS), SFREQ, "eeg").set_montage("standard_1005")
    events = np.c_[np.arange(len(order)) * 2 * N_TIMES, np.zeros(len(order), int), trials.codes[order] + 1]
    metadata = None
    if case.planted in ("subject", "block"):
        metadata = pd.DataFrame({case.planted: trials.group[order]})
    return mne.EpochsArray(
        trials.uv[order] * 1e-6,
        info,
        events,
        0.0,
        {"left": 1, "right": 2},
        metadata=metadata,
        verbose="error",
    )


def untrained(seed: int) -> sincviz.SincShallowNet:
    """Return a network with weights drawn at random."""
    torch.manual_seed(seed)
    return sincviz.SincShallowNet(
        n_chans=len(CHANNELS),
        n_outputs=2,
        n_times=N_TIMES,
        sfreq=SFREQ,
        num_time_filters=10,
        first_freq=2.0,
        freq_stride=6.0,
        bandwidth=5.0,
        chs_info=mne.create_info(list(CHANNELS), SFREQ, "eeg").set_montage("standard_1005")["chs"],
    )


def trained(x: object, y: np.ndarray | None = None, *, seed: int) -> object:
    """Return a trained classifier."""
    return sincviz.training.fit(
        untrained(seed), x, y, max_epochs=30, validation=0, lr=4e-3, seed=seed, progress=False
    )


def accuracy(classifier: object, case: Case, trials: Trials) -> float:
    """Return the accuracy on trials."""
    return float(classifier.score(as_epochs(case, trials)))


def audited(case: Case, seed: int) -> Iterator[dict[str, object]]:
    """Yield one row for each kind."""
    started = time.process_time()
    world = seed
    draw = functools.partial(simulated, case, world=world)
    planted = case.variant in ("planted", "unrecognisable")
    training = draw(N_TRAIN, 10 * seed + 1, related=planted, artefact=True)
    test = draw(N_TEST, 10 * seed + 2, related=planted or case.variant == "unused", artefact=True)
    train = functools.partial(trained, seed=seed)
    network = train(as_epochs(case, training))
    now = accuracy(network, case, test)
    truth = used = np.nan
    if case.variant == "planted":
        grouped = case.planted in ("subject", "block")
        other = draw(N_TRUTH if grouped else N_TEST, 10 * seed + 2 + grouped, related=False, artefact=True)
        with_it = now
        if grouped:  # other trials, so more of them
            with_it = accuracy(network, case, draw(N_TRUTH, 10 * seed + 4, related=True, artefact=True))
        used = with_it - accuracy(network, case, other)
        without = draw(N_TRAIN, 10 * seed + 1, related=False, artefact=grouped)
        fresh = train(as_epochs(case, without))
        number = (N_TRUTH, 10 * seed + 3) if grouped else (N_TEST, 10 * seed + 2)
        truth = accuracy(fresh, case, draw(*number, related=False, artefact=grouped))
    epochs = as_epochs(case, test)
    few = slice(100)
    relevance = sincviz.spectral_relevance(network.module_, epochs[few], trials="contrast", progress=False)
    audit = functools.partial(sincviz.shortcut_audit, network.module_, epochs, relevance=relevance, seed=seed)
    table = audit()
    again = table
    if (table["status"] == "found").any():
        again = audit(training=as_epochs(case, training), train=train)
    seconds = time.process_time() - started
    for kind in KINDS:
        is_planted = kind == case.planted
        lost = with_it - truth if is_planted and case.variant == "planted" else 0.0
        yield {
            **case._asdict(),
            "seed": seed,
            "kind": kind,
            "shortcut": bool(lost >= LEAST_LOSS),
            "between": bool(is_planted and lost < LEAST_LOSS <= used),
            "accuracy": now,
            "truth": truth if is_planted else np.nan,
            "used": used if is_planted else np.nan,
            **table.loc[kind, ["status", "cells", "share", "p_tells", "p_used", "loss"]].to_dict(),
            "estimate": table.loc[kind, "accuracy_without"],
            "ci_low": table.loc[kind, "ci_low"],
            "ci_high": table.loc[kind, "ci_high"],
            "retrained": again.loc[kind, "accuracy_without"],
            "cpu_s": seconds,
        }


def main() -> None:
    """Audit the networks, and print the summary."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seeds", type=int, nargs=2, default=(100, 104), help="first seed, and the one after the last"
    )
    parser.add_argument("--csv", type=Path)
    parser.add_argument("--kinds", nargs="+", default=(*KINDS, ""), help="what is planted; all by default")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    rows: list[dict[str, object]] = []
    for seed in range(*options.seeds):
        for case in cases():
            if case.planted not in options.kinds:
                continue
            rows += audited(case, seed)
            if options.csv:
                pd.DataFrame(rows).round(4).to_csv(options.csv, index=False)
    print(summary(pd.DataFrame(rows)))


def summary(table: pd.DataFrame) -> str:
    """Return sensitivity, specificity and errors in Markdown."""
    lines = [
        "| kind | shortcuts | found | no shortcut | not found | error, points | within 3 | retrained | within 3 |"
    ]
    lines.append("|---|---|---|---|---|---|---|---|---|")
    found = table["status"] == "found"
    for kind in (*KINDS, "all"):
        here = (table["kind"] == kind) | (kind == "all")
        is_there = here & table["shortcut"]
        is_not = here & ~table["shortcut"] & ~table["between"]
        hit = table[is_there & found]
        errors = [100 * (hit[name] - hit["truth"]).abs() for name in ("estimate", "retrained")]
        said = [f"{error.mean():.1f} | {(error <= 3).mean():.0%}" for error in errors]
        lines.append(
            f"| {kind} | {is_there.sum()} | {found[is_there].mean():.0%} | {is_not.sum()} | "
            f"{1 - found[is_not].mean():.1%} | {said[0]} | {said[1]} |"
        )
    marks = table.assign(there=table["shortcut"] | table["between"], found=found)
    by_network = marks.groupby(["seed", "planted", "variant", "strength", "depth"])[["there", "found"]].any()
    clean = by_network.loc[~by_network["there"], "found"]
    between = table["between"]
    lines += [
        "",
        f"{len(clean)} networks without a shortcut: {1 - clean.mean():.1%} not accused of any.",
        f"{between.sum()} used but not missed by a retrained network: {found[between].mean():.0%} found.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
