"""How often an inspection says what is false: conditions whose truth is known, read by machine.

    python -m benchmarks.false_statements [--conditions chance blocks ...] [--seeds 0 1 2] [--jobs 2] [--out FILE]

Each condition of `benchmarks/known_truth.py` makes a network and trials; `sincviz.inspect` reads them; what its
sentences, tables and findings state is compared with what is true. A statement is

- true;
- false: a network that does not know the classes, or knew the trials, called readable; a band, a channel or a direction
  that is not the sources' (a channel is theirs from a fifth of the largest amplitude on; a direction is the network's
  too: what more power there does to its scores on 400 new trials); a finding that is none; deletion "shown" at chance;
  "surely", or a basis named although it cannot be read;
- misleading: it rests on what the user said, and says so, and the user was wrong;
  or nothing said is false, but a finding that the reader needs is missing, or a direction is named where more
  power changes the scores of new trials by nothing that could be measured;
- withheld: a sound network that is not read, of which no band is established, or whose accuracy is not shown.

The file has one row for each condition and seed; `*_not_true.csv` beside it one for each statement that is not true.
"""

import argparse
import itertools
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import mne
import numpy as np
import pandas as pd
import torch
from joblib import Parallel, delayed
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

import sincviz
from benchmarks.known_truth import CONDITIONS, SFREQ, Case
from sincviz.analysis.attribution.power_direction import MORE
from sincviz.inspection.certainty import certainty_words
from sincviz.inspection.findings import suspicion_words
from sincviz.inspection.leading import basis_words

LEAST_OF_MAP = 0.2  # of the largest amplitude of a source
BAND_TOLERANCE_HZ = 0.6  # trials of 2 s cannot tell more
PEAK_TOLERANCE_HZ = 1.5
LOUDER = 1.3  # amplitude of a cell, against what it was
KNOWS = 0.05  # above chance, on new trials: what knows less may be withheld

OF_WEIGHTS = {"zero_width", "duplicates", "dead", "unmoved", "unresolvable", "batch_norm_momentum", "assumed"}
OF_WEIGHTS |= {"clamped_at_nyquist", "positions", "artefacts_not_checked", "slow_drift"}
"""Findings that compute what filters do, or say what was not checked: none of them is judged here."""

TRUE, FALSE, MISLEADING, WITHHELD = KINDS = ("true", "false", "misleading", "withheld")
Statement = tuple[str, str, str]
"""Kind, what it is about, in words."""


def judged(
    name: str, seed: int, only: Sequence[str] | None = None
) -> tuple[dict[str, object], list[dict[str, object]]]:
    """Return what was true and said of one condition, and every statement that is not true."""
    torch.set_num_threads(1)
    mne.set_log_level("ERROR")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case = CONDITIONS[name](seed)
        found = sincviz.inspect(
            case.network, case.trials, case.y, only=only, held_out=case.held_out, progress=False
        )
        known = accuracy_on_new(case)
        statements = list(statements_of(case, found, known))
    if case.held_out and not case.readable:  # the page says that it has this from the user
        statements = [(MISLEADING if one[0] == FALSE else one[0], *one[1:]) for one in statements]
    count = {kind: sum(one[0] == kind for one in statements) for kind in KINDS}
    bands = found.leading_bands
    row = {
        "condition": name,
        "seed": seed,
        "true_on_new": round(known, 3),
        "true_readable": case.readable,
        "true_bands": "; ".join(sorted({f"{low:g}-{high:g} Hz" for low, high, _ in case.sources})),
        "true_findings": ", ".join(sorted(case.must)),
        "said_accuracy": float("nan")
        if found.accuracies is None
        else round(float(found.accuracies["balanced_accuracy"].iloc[0]), 3),
        "said_readable": found.verdict["readable"],
        "said_reasons": " ".join(found.verdict["reasons"]),
        "said_basis": ""
        if bands is None or not found.verdict["readable"]
        else "; ".join(f"{target}: {band} at {row['channels']}" for target, band, row in _named_bands(found)),
        "said_findings": ", ".join(sorted(set(found.findings["check"]) - OF_WEIGHTS)),
        "said_deletion": "" if found.deletion is None else found.deletion.attrs.get("shown", ""),
        "said_randomisation": ""
        if found.randomization is None
        else found.randomization.attrs.get("outcome", ""),
        "n_statements": len(statements),
        **{f"n_{kind}": count[kind] for kind in KINDS[1:]},
    }
    rest = [
        {"condition": name, "seed": seed, "kind": kind, "about": about, "words": words}
        for kind, about, words in statements
        if kind != TRUE
    ]
    return row, rest


def accuracy_on_new(case: Case) -> float:
    """Return how far above chance a network is on new trials: balanced accuracy, of two classes the AUC if larger."""
    trials, codes = case.new
    if codes is None:
        order = [trials.event_id[name] for name in trials.event_id]
        codes = np.array([order.index(code) for code in trials.events[:, 2]])
    scores = _scores(case, _array(trials))
    n_classes = scores.shape[1]
    found = balanced_accuracy_score(codes, scores.argmax(1)) - 1 / n_classes
    if n_classes == 2:
        found = max(found, roc_auc_score(codes, scores[:, 1] - scores[:, 0]) - 0.5)
    return float(found)


def statements_of(case: Case, found: sincviz.inspection.Inspection, known: float):
    """Yield what is said, and whether it is true."""
    sound = case.readable and known > KNOWS
    readable = found.verdict["readable"]
    why = " ".join(found.verdict["reasons"])
    if readable:
        yield (TRUE if case.readable else FALSE), "verdict", "readable"
    else:
        yield (WITHHELD if sound else TRUE), "verdict", f"not readable: {why}"
    yield from _of_accuracy(case, found, known)
    words = [*basis_words(found), *certainty_words(found), *suspicion_words(found)]
    text = " ".join(words)
    if "surely" in text:
        yield FALSE, "words", "surely"
    if not readable:
        named = re.search(r"\d+% from|established at|most at|Shown by|suspect ", text)
        yield (FALSE if named else TRUE), "words", f"a basis of what cannot be read: {text}" if named else ""
        unmarked = [
            name
            for name in ("leading_bands", "leading_cells", "band_relevance", "deletion", "randomization")
            if getattr(found, name) is not None and getattr(found, name).attrs.get("readable") != "no"
        ]
        yield (FALSE if unmarked else TRUE), "marks", ", ".join(unmarked)
    else:
        yield from _of_basis(case, found, sound)
    yield from _of_findings(case, found)
    if found.deletion is not None:
        shown = found.deletion.attrs["shown"] == "yes"
        at_chance = not case.sources and not case.must and not case.held_out
        yield (FALSE if shown and at_chance else TRUE), "deletion", f"shown: {found.deletion.attrs['shown']}"
    if readable and found.randomization is not None:
        outcome = found.randomization.attrs["outcome"]
        several = found.band_relevance.sizes["channel"] > 2
        stays = outcome == "stays" and sound and several
        yield (MISLEADING if stays else TRUE), "randomisation", outcome


def _of_accuracy(case: Case, found: sincviz.inspection.Inspection, known: float):
    if found.accuracies is None:
        return
    held_out = "held out" in found.accuracies.index or case.held_out
    row = found.accuracies.loc["held out" if "held out" in found.accuracies.index else "all"]
    said = f"above chance: {row['above_chance']}, {row['balanced_accuracy']:.2f}"
    knows = bool(case.sources)
    unsure = "unknown_trials" in found.verdict["reasons"]  # said in the next sentence
    if row["above_chance"] == "yes" and held_out and not knows and not unsure:
        yield FALSE, "accuracy", said
    elif row["above_chance"] == "no" and case.readable and known > KNOWS:
        yield WITHHELD, "accuracy", said
    else:
        yield TRUE, "accuracy", said


def _named_bands(found: sincviz.inspection.Inspection):
    """Yield class, band and row of what the sentences name."""
    sentences = basis_words(found)
    for target, band in found.leading_bands.index:
        row = found.leading_bands.loc[(target, band)]
        own = next((one for one in sentences if re.match(f"For .?{re.escape(target)}.?:", one)), "")
        if f"most at {row['peak_hz']:.1f} Hz" in own and (not row["channels"] or row["channels"] in own):
            yield target, band, row


def _of_basis(case: Case, found: sincviz.inspection.Inspection, sound: bool):
    named = list(_named_bands(found))
    if sound and not named:
        yield WITHHELD, "bands", "no band is established"
    for target, band, row in named:
        here = [one for one in case.sources if _in_band(one, row)]
        words = f"{target}: {band}, most at {row['peak_hz']:.1f} Hz"
        near = any(
            low - PEAK_TOLERANCE_HZ <= row["peak_hz"] <= high + PEAK_TOLERANCE_HZ for low, high, _ in here
        )
        yield (TRUE if near else FALSE), "bands", words
        for name in filter(None, row["channels"].split(", ")):
            in_sources = any(own.get(name, 0.0) >= LEAST_OF_MAP * max(own.values()) for _, _, own in here)
            yield (TRUE if in_sources else FALSE), "channels", f"{words} at {name}"
            said = found.leading_cells.loc[(target, band, name), "direction"]
            if said:
                yield _of_direction(case, target, band, row, name, said, here)


def _in_band(source: tuple[float, float, dict[str, float]], row: pd.Series) -> bool:
    low_hz, high_hz = row["band_low_hz"], row["band_high_hz"]
    ranges = [(low_hz, high_hz)]
    if np.isnan(low_hz):
        ranges = [tuple(map(float, part.split("–"))) for part in row["band_rest_hz"].split(", ")]
    return any(
        source[0] - BAND_TOLERANCE_HZ < high and low < source[1] + BAND_TOLERANCE_HZ for low, high in ranges
    )


def _of_direction(
    case: Case,
    target: str,
    band: str,
    row: pd.Series,
    name: str,
    said: str,
    here: list[tuple[float, float, dict[str, float]]],
) -> Statement:
    sign = 1 if said.startswith(MORE) else -1
    words = f"{target}: {band} at {name}, {said}"
    # Of two classes, what is said is about the first.
    target = str(case.network.class_names[0]) if len(case.network.class_names) == 2 else target
    known = {case.direction.get((target, f"{low:g}-{high:g}", name)) for low, high, _ in here} - {None}
    if known and sign not in known:
        return FALSE, "direction", f"{words}; the classes differ the other way"
    change, error = _change_with_power(case, target, row, name)
    if abs(change) <= 2 * error:
        return MISLEADING, "direction", f"{words}; the score changes by {change:.3g} ± {error:.2g}"
    if np.sign(change) != sign:
        return FALSE, "direction", f"{words}; the score changes by {change:.3g} ± {error:.2g}"
    return TRUE, "direction", words


def _change_with_power(case: Case, target: str, row: pd.Series, name: str) -> tuple[float, float]:
    """Return what more power in a cell adds to the margin of a class on new trials, with its standard error."""
    x = _array(case.new[0])
    network = case.network
    channel = [one["ch_name"] for one in network.chs_info].index(name)
    spectrum = np.fft.rfft(x[:, channel])
    frequency = np.fft.rfftfreq(x.shape[2], 1 / SFREQ)
    low_hz, high_hz = (
        (0.0, 1.0) if np.isnan(row["band_low_hz"]) else (row["band_low_hz"], row["band_high_hz"])
    )
    spectrum[:, (frequency >= low_hz) & (frequency < high_hz)] *= LOUDER
    louder = x.copy()
    louder[:, channel] = np.fft.irfft(spectrum, x.shape[2])
    change = _scores(case, louder) - _scores(case, x)
    code = list(network.class_names).index(target)
    margin = change[:, code] - np.delete(change, code, axis=1).mean(1)
    return float(margin.mean()), float(margin.std() / np.sqrt(len(margin)))


@torch.no_grad()
def _scores(case: Case, x: np.ndarray) -> np.ndarray:
    return case.network(torch.from_numpy(x)).double().numpy()


def _array(trials: object) -> np.ndarray:
    """Return trials in the network's units."""
    if isinstance(trials, np.ndarray):
        return trials
    return (trials.get_data(copy=False) * 1e6).astype(np.float32)


def _of_findings(case: Case, found: sincviz.inspection.Inspection):
    said = set(found.findings["check"]) - OF_WEIGHTS
    # Where nothing is to be read artefacts are not looked for.
    due = case.must if found.verdict["readable"] else {name for name in case.must if "relevance" not in name}
    for name in sorted(due):
        yield (TRUE if name in said else MISLEADING), "findings", f"missing: {name}"
    allowed = case.must | case.may | ({"chance"} if not case.sources else set())
    if found.predictions is not None and "true" in found.predictions:
        answers = found.predictions["predicted"].value_counts()
        occurs = found.predictions["true"].value_counts()
        allowed |= (
            {"never_answered"}
            if (answers.reindex(occurs.index, fill_value=0) < 0.25 * occurs).any()
            else set()
        )
    for name in sorted(said - case.must):
        own = found.findings[found.findings["check"] == name].iloc[0]
        if name == "chance" and case.sources:
            yield WITHHELD, "findings", own["finding"]
        else:
            yield (TRUE if name in allowed else FALSE), "findings", f"{name}: {own['finding']}"


def main() -> None:
    """Judge all conditions, print and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--conditions", nargs="+", choices=list(CONDITIONS), default=list(CONDITIONS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/false_statements.csv"))
    options = parser.parse_args()
    cases = list(itertools.product(options.conditions, options.seeds))
    rows, statements = [], []
    work = Parallel(n_jobs=options.jobs, return_as="generator", inner_max_num_threads=1)
    for row, others in work(delayed(judged)(name, seed) for name, seed in cases):
        rows.append(row)
        statements += others
        print({name: row[name] for name in ("condition", "seed", "true_on_new", "said_readable", "said_reasons",
              "said_findings", *(f"n_{kind}" for kind in KINDS[1:]))}, flush=True)  # fmt: skip
        for one in others:
            print("   ", one["kind"], one["about"], one["words"], flush=True)
        pd.DataFrame(rows).to_csv(options.out, index=False)
        columns = ["condition", "seed", "kind", "about", "words"]
        pd.DataFrame(statements, columns=columns).to_csv(
            options.out.with_name(f"{options.out.stem}_not_true.csv"), index=False
        )
    table = pd.DataFrame(rows)
    counted = table.groupby("condition", sort=False)[
        ["n_statements", *(f"n_{kind}" for kind in KINDS[1:])]
    ].sum()
    print(counted.to_string())
    print(counted.sum().to_string())


if __name__ == "__main__":
    main()
