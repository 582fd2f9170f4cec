"""The numbers of the paper: what each is, where it comes from, and the commands that measure it anew."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import safetensors.torch
import torch

import sincviz
from benchmarks.against_reference import BATCH
from benchmarks.attribution import N_BEST
from benchmarks.decoding import summary as decoding
from benchmarks.decoding.readings import OF_DEFAULT, reading_table
from sincviz.analysis.accuracy import ALPHA, wilson_interval
from sincviz.analysis.evidence.seeds_compared import STABLE
from sincviz.benchmark import summary
from sincviz.benchmark.published import run_everywhere
from sincviz.benchmark.stored_rows import read_results

ROOT = Path(__file__).parents[1]
RESULTS = Path("benchmarks/results")
REFERENCE = Path("tests/data")
OVERVIEW = Path("docs/images/figures/figure_0_overview.txt")
LIVE = "python -m paper.numbers"

PARITY = 1e-5
"""What scores may differ by at most, relative to their norm: what rounding leaves depends on the processor."""
N_SETS = 2000
"""Simulated data sets in each row of the calibration; its intervals are compared with this number."""
NETWORK, BANDED, BROAD = "SincShallowNet", "average 4-38", "average"
"""The network, and preparations of the networks: with the band-pass at 4-38 Hz, and without."""
WORDS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


class Number(NamedTuple):
    """A number as it is written, where it comes from, and the commands that measure it anew."""

    text: str
    source: str
    commands: tuple[str, ...]


def all_numbers() -> dict[str, Number]:
    """Return every number of the paper by its name in the template."""
    found: dict[str, Number] = {}
    for source, commands, measure in SOURCES:
        for name, text in measure():
            if name in found:
                raise ValueError(f"Two sources give the number {name!r}. Rename one of them.")
            found[name] = Number(text, str(source), commands)
    return found


Texts = Iterator[tuple[str, str]]


def default_filters() -> Texts:
    """Bands of the default network, as initialised."""
    sfreq = 250
    model = sincviz.SincShallowNet(n_chans=22, n_outputs=4, n_times=1000, sfreq=sfreq)
    bands = sincviz.learned_bands(model)
    yield "kernel_samples", str(model.kernels().shape[-1])
    yield "kernel_sfreq", str(sfreq)
    yield "nominal_width", f"{bands['bandwidth_hz'].mean():.0f}"
    yield "measured_width", f"{(bands['measured_high_hz'] - bands['measured_low_hz']).mean():.1f}"
    yield "in_band", f"{100 * bands['in_band_energy'].mean():.0f}"


def parity() -> Texts:
    """Scores of the network against stored ones of braindecode's, with the same weights."""
    errors = {}
    for folder in sorted((ROOT / REFERENCE).iterdir()):
        if not (folder / "arrays.npz").is_file():
            continue
        config = json.loads((folder / "config.json").read_text("utf-8"))
        config.pop("ch_names")
        model = sincviz.SincShallowNet.from_config(config)
        model.load_state_dict(safetensors.torch.load_file(folder / "weights.safetensors"))
        with np.load(folder / "arrays.npz") as arrays, torch.no_grad():
            got, expected = model.eval()(torch.from_numpy(arrays["x"])).numpy(), arrays["logits_eval"]
        errors[folder.name] = float(np.linalg.norm(got - expected) / np.linalg.norm(expected))
    if not errors or max(errors.values()) > PARITY:
        raise ValueError(f"Scores differ from those of the reference by {errors}; allowed is {PARITY}.")
    yield "parity", power_of_ten(PARITY)


def fourier_integrated_gradients() -> Texts:
    """Difference from cross-domain-saliency-maps by the same rule of integration."""
    rows = pd.read_csv(ROOT / RESULTS / "fourier_ig.csv")
    yield "ig_difference", power_of_ten(rows.loc[rows["method"] == "CaptumFourierIG", "difference"].max())


def speed() -> Texts:
    """Inference of the network against braindecode's."""
    rows = pd.read_csv(ROOT / RESULTS / "against_reference.csv")
    rows = rows[rows["task"] == "inference"]
    ratios = (rows["reference"] / rows["sincviz"]).groupby(rows["channels"]).median()
    few, many = ratios.index.min(), ratios.index.max()
    yield "speed_batch", str(BATCH)
    yield "speed_few", str(few)
    yield "speed_many", str(many)
    yield "speed_ratio_few", f"{ratios[few]:.0f}"
    yield "speed_ratio_many", f"{ratios[many]:.0f}"
    yield "speed_threads", word(int(re.search(r"(\d+) threads", rows["where"].iloc[0])[1]))


def benchmark() -> Texts:
    """Which method finds known sources."""
    results = run_everywhere(read_results([ROOT / RESULTS / "benchmark"]))
    table = summary(results)
    frequency = table[table["domain"] == "frequency"].set_index(["label", "variant"])
    pattern = frequency.loc[("Pattern relevance", "contrast")]
    if frequency["cells_area"].idxmax() != pattern.name:
        raise ValueError(f"The best method is now {frequency['cells_area'].idxmax()}. Change the text.")
    data = frequency.loc[("Class contrast of data", "as returned"), "cells_area"]
    default = frequency.loc[("Integrated gradients", "contrast"), "cells_area"]
    if default > data:
        raise ValueError(f"Integrated gradients ({default}) are above the data ({data}). Change the text.")
    scored = results[results["error"] == ""]
    yield "benchmark_networks", str(results["case"].nunique())
    yield "benchmark_architectures", word(results["architecture"].nunique())
    yield "benchmark_frequency", str(pattern["n_networks"])
    best = frequency.drop_duplicates("method").head(N_BEST)
    yield "benchmark_shown", word(N_BEST)
    yield "benchmark_least", str(best["n_networks"].min())
    yield "benchmark_time", str(scored.loc[scored["domain"] == "time", "case"].nunique())
    yield "area_pattern", f"{pattern['cells_area']:.3f}"
    yield "interval_pattern", f"{pattern['cells_area_ci_low']:.3f} to {pattern['cells_area_ci_high']:.3f}"
    yield "area_default", f"{default:.3f}"
    yield "area_data", f"{data:.3f}"


def chance() -> Texts:
    """How often accuracy without information is called above chance."""
    rows = pd.read_csv(ROOT / RESULTS / "calibration.csv", keep_default_na=False, na_values=[""])
    rows = rows[rows["kind"] == "null"]
    for row in rows.itertuples():
        low, high = wilson_interval(round(row.above_chance * N_SETS), N_SETS)
        if abs(low - row.low) > 1e-4 or abs(high - row.high) > 1e-4:
            raise ValueError(f"The interval of {row.condition!r} is not that of {N_SETS} data sets.")
    tested = rows[rows["unknown"] < 0.5]
    yield "chance_designs", word(len(tested))
    yield "chance_open_designs", word(int((rows["unknown"] == 1).sum()))
    yield "chance_level", f"{100 * ALPHA:.0f}"
    yield "chance_sets", f"{N_SETS:,}"
    yield "chance_low", f"{100 * tested['above_chance'].min():.1f}"
    yield "chance_high", f"{100 * tested['above_chance'].max():.1f}"


def statements() -> Texts:
    """Count what inspections of known truth say that is false."""
    rows = pd.read_csv(ROOT / RESULTS / "false_statements.csv")
    yield "inspections", str(len(rows))
    yield "statements", f"{rows['n_statements'].sum():,}"
    n_false = int(rows["n_false"].sum())
    yield "statements_false", word(n_false) if n_false else "none"
    yield "statements_misleading", str(rows["n_misleading"].sum())


def people() -> Texts:
    """Average over people who were left out: how well they are decoded, and what networks rest on."""
    means = decoding.means(pd.read_csv(ROOT / RESULTS / "decoding.csv"))
    areas = means[(means["setting"] == "across") & (means["measure"] == "roc_auc")]
    areas = areas.set_index(["group", "decoder", "preparation", "seed"])["mean"]
    with np.load(ROOT / RESULTS / "decoding_readings.npz") as file:
        readings = {name: file[name] for name in file.files if name != "bands"}
    for group in ("selected", "unselected"):
        row = _reading(readings, group, BANDED)
        yield f"people_{group}", word(int(row["n_people"]))
        yield f"agreement_{group}", f"{row['correlation']:.2f}"
    unstable = [
        _reading(readings, "unselected", BANDED, person)["correlation_of_5"] < STABLE
        for person in np.unique(readings["subject"][readings["group"] == "unselected"])
    ]
    yield "people_unstable", word(sum(unstable))
    yield "seeds_default", word(OF_DEFAULT)
    yield "band", BANDED.rpartition(" ")[2].replace("-", "–")
    yield "slow_share", f"{100 * _reading(readings, 'unselected', BROAD)['below_4_hz']:.0f}"
    yield "area_broad", f"{areas['unselected', NETWORK, BROAD, 'ensemble']:.2f}"
    yield "area_banded", f"{areas['unselected', NETWORK, BANDED, 'ensemble']:.2f}"
    yield "area_csp", f"{areas['unselected', 'CSP + LDA', '4-38', 'single']:.2f}"


def _reading(
    readings: Mapping[str, np.ndarray], group: str, preparation: str, person: int | None = None
) -> pd.Series:
    """Return what the networks of a group rest on, or those that were tested on one person."""
    kept = (readings["group"] == group) & (readings["decoder"] == NETWORK)
    kept &= readings["preparation"] == preparation
    if person is not None:
        kept &= readings["subject"] == person
    return reading_table({name: values[kept] for name, values in readings.items()}).iloc[0]


def overview() -> Texts:
    """Whom the network of the first figure was trained and shown on, from the caption that its script wrote."""
    caption = (ROOT / OVERVIEW).read_text("utf-8")
    trained = re.search(r"subjects ([\d, ]+);", caption)[1].split(", ")
    shown = re.search(r"held-out trials of subjects (\d+) and (\d+)\.", caption).groups()
    yield "overview_trained", word(len(trained))
    yield "overview_shown", word(len(shown))
    yield "overview_band", re.search(r"band-pass (\S+) Hz", caption)[1]
    yield "overview_people", word(len({*trained, *shown}))


def word(count: int) -> str:
    """Return a count as it stands in a sentence.

    Examples
    --------
    >>> word(2), word(44)
    ('two', '44')
    """
    return WORDS[count] if count < len(WORDS) else str(count)


def power_of_ten(value: float) -> str:
    """Return a small number with one digit, as a formula."""
    digit, exponent = f"{value:.0e}".split("e")
    factor = "" if digit == "1" else rf"{digit} \times "
    return f"${factor}10^{{{int(exponent)}}}$"


ACROSS = "python -m benchmarks.decoding --only across --data-path FOLDER --decoders"

SOURCES: tuple[tuple[Path | str, tuple[str, ...], Callable[[], Texts]], ...] = (
    ("sincviz.learned_bands", (LIVE,), default_filters),
    (REFERENCE, (LIVE,), parity),
    (RESULTS / "fourier_ig.csv", ("python -m benchmarks.fourier_ig",), fourier_integrated_gradients),
    (
        RESULTS / "against_reference.csv",
        ("python benchmarks/against_reference.py --csv benchmarks/results/against_reference.csv",),
        speed,
    ),
    (RESULTS / "benchmark", ("rm -r benchmarks/results/benchmark", "make benchmark"), benchmark),
    (RESULTS / "calibration.csv", ("python benchmarks/calibration.py",), chance),
    (RESULTS / "false_statements.csv", ("python -m benchmarks.false_statements",), statements),
    (
        RESULTS / "decoding.csv",
        (
            f'{ACROSS} {NETWORK} --preparations "{BROAD}" "{BANDED}" --seeds 0 1 2',
            f'{ACROSS} "CSP + LDA" --preparations 4-38',
            "python -m benchmarks.decoding --summary",
        ),
        people,
    ),
    (OVERVIEW, ("make figures",), overview),
)
"""Where numbers come from, the commands that measure them anew, and what reads them."""
