"""The most and the least that can be asked of a figure, and names of any script: all of it stays legible."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.text import Text

from sincviz import plotting
from sincviz.networks.cutoff_table import cutoff_table
from sincviz.plotting.canvas import glyphs
from sincviz.plotting.canvas.glyphs import legible, missing_note
from sincviz.plotting.canvas.journals import JOURNALS
from sincviz.plotting.canvas.lettering import fitted_apart, text_width_pt
from sincviz.plotting.canvas.style import style

WORDS = "imagined slow repetitive opening and closing of the left hand while looking ahead"
WORD = WORDS.replace(" ", "_")
SCRIPTS = ["左手 想像", "왼손", "बायाँ", "يسار", "$x_1^2$ \\frac{a}", "<script>", "μ кость", "bad\x07\t\ud800"]


def explained(targets, n_bands=2, n_channels=128):
    """Relevance of these classes over bands and channels of long names."""
    rng = np.random.default_rng(0)
    dims = ("target", "band", "channel")
    values = rng.standard_normal((len(targets), n_bands, n_channels))
    height = 1 - 1.1 * (np.arange(n_channels) + 0.5) / n_channels
    angle = np.pi * (1 + 5**0.5) * np.arange(n_channels)
    around = np.sqrt(1 - height**2)
    coords = {
        "target": list(targets),
        "band": [f"band {number}" for number in range(n_bands)],
        "channel": [f"EEG channel {number:03d} of a long cap" for number in range(n_channels)],
        "x": ("channel", 0.095 * around * np.cos(angle)),
        "y": ("channel", 0.095 * around * np.sin(angle)),
        "z": ("channel", 0.095 * height),
        "ci_low": (dims, values - 0.5),
        "ci_high": (dims, values + 0.5),
    }
    return xr.DataArray(values, coords, dims, "relevance", {"units": "score"})


def matrix(targets):
    return explained(targets, n_channels=2).isel(channel=0).drop_vars(["channel", "x", "y", "z"])


def profile(targets):
    cells = explained(targets, 2, 41).drop_vars(["ci_low", "ci_high", "x", "y", "z"])
    cells = cells.rename(band="region", channel="frequency")
    return cells.assign_coords(frequency=np.arange(41.0), region=["left central", WORDS])


def image(targets):
    return (
        explained(targets, 5)
        .drop_vars(["ci_low", "ci_high"])
        .rename(band="frequency")
        .assign_coords(frequency=range(5))
    )


def over_time(targets, n_channels=128):
    """Relevance of these classes over channels of long names and five times."""
    cells = image(targets).isel(channel=slice(n_channels)).rename(frequency="time")
    return cells.assign_coords(time=np.arange(5) / 10).transpose("target", "channel", "time")


def spectrogram(regions):
    return over_time(["left", "right"], len(regions)).expand_dims(frequency=[8.0, 10.0, 12.0]).assign_coords(
        channel=list(regions)
    )  # fmt: skip


def loss(bands):
    cells = explained(bands, 1).isel(band=0, drop=True).rename(target="band")
    ends = {f"score_loss_{end}": cells[end].drop_vars(["ci_low", "ci_high"]) for end in ("ci_low", "ci_high")}
    return xr.Dataset({"score_loss": cells.drop_vars(["ci_low", "ci_high"]), **ends})


def randomization(layers):
    row = {"kind": "cascading", "similarity": 0.1, "ci_low": 0.0, "ci_high": 0.2}
    row |= {"magnitude_similarity": 0.3, "magnitude_ci_low": 0.2, "magnitude_ci_high": 0.4}
    return pd.DataFrame([row | {"layer": layer} for layer in layers])


def clustered(cells):
    """A test in which every cell is in one significant cluster."""
    cells = cells.drop_vars(["ci_low", "ci_high"], errors="ignore")
    one = {"cluster": xr.ones_like(cells, int), "cluster_p": xr.full_like(cells, 0.01)}
    return xr.Dataset({"mean": cells} | one, attrs={"alpha": 0.05, "n_subjects": 10})


def shares(names):
    values = np.random.default_rng(0).standard_normal((10, len(names)))
    return xr.DataArray(values, {"band": list(names)}, ("subject", "band"))


def agreement(subjects):
    values = np.corrcoef(np.random.default_rng(0).standard_normal((len(subjects), 9)))
    return xr.DataArray(values, {"subject": ("run", list(subjects))}, ("run", "other_run"))


def drift(bands):
    row = {
        "before": 0.1,
        "after": 0.2,
        "change": 0.1,
        "ci_low": 0.0,
        "ci_high": 0.2,
        "by_chance": 0.0,
        "p": 0.01,
    }
    return pd.DataFrame([row] * len(bands), pd.Index(list(bands), name="band"))


def findings(names):
    return pd.DataFrame({"severity": "note", "finding": names, "evidence": names, "remedy": names})


NAMED = {
    "scalp maps": lambda names: plotting.plot_relevance(explained(names, 1, 8)),
    "channels": lambda names: plotting.plot_relevance(explained(names), "channels"),
    "matrix": lambda names: plotting.plot_relevance(matrix(names), "matrix"),
    "profile": lambda names: plotting.plot_spectral_relevance(profile(names)),
    "image": lambda names: plotting.plot_spectral_relevance(image(names), "image"),
    "course": lambda names: plotting.plot_temporal_relevance(
        over_time(names, 2).rename(channel="region").assign_coords(region=["left central", WORDS])
    ),
    "course over channels": lambda names: plotting.plot_temporal_relevance(over_time(names), "image"),
    "times and frequencies": lambda names: plotting.plot_time_frequency_relevance(spectrogram(names)),
    "ablation": lambda names: plotting.plot_ablation(loss(names)),
    "randomization": lambda names: plotting.plot_randomization(randomization(names)),
    "cluster maps": lambda names: plotting.plot_cluster_topomaps(clustered(explained(names, 1, 8))),
    "cluster spectrum": lambda names: plotting.plot_cluster_spectrum(clustered(image(names))),
    "cluster times": lambda names: plotting.plot_cluster_times(clustered(over_time(names))),
    "band use": lambda names: plotting.plot_band_use(shares(names)),
    "run agreement": lambda names: plotting.plot_run_agreement(agreement(names)),
    "drift": lambda names: plotting.plot_drift(drift(names)),
    "findings": lambda names: plotting.plot_findings(findings(names)),
}


def flaws(figure, misplaced_text):
    """What is wrong with a figure: misplaced text, text read as formulas, empty axes, more than two pages high."""
    with style():
        found = misplaced_text(figure)
    seen = [ax for ax in figure.axes if ax.axison]
    found += [f"axes {ax.get_label()!r} are empty" for ax in seen if not (ax.has_data() or ax.texts)]
    if figure.get_figheight() * 25.4 > 450:
        found.append(f"{figure.get_figheight() * 25.4:.0f} mm high")
    return found


def written(figure):
    return [text.get_text() for text in figure.findobj(Text) if text.get_text() and text.get_visible()]


@pytest.mark.parametrize(("n_names", "name"), [(2, WORDS), (20, WORD)])
@pytest.mark.parametrize("figure", NAMED)
def test_long_names_and_many_channels_are_legible(misplaced_text, figure, n_names, name):
    names = [f"{number}{' ' if ' ' in name else '_'}{name}" for number in range(n_names)]
    assert flaws(NAMED[figure](names), misplaced_text) == []


@pytest.mark.parametrize("n_filters", [1, 64])
def test_the_cutoffs_of_one_filter_and_of_many_are_drawn(misplaced_text, n_filters):
    hz = np.sort(np.random.default_rng(0).uniform(3, 40, (3, n_filters, 2)), -1)
    figure = plotting.plot_cutoff_history(cutoff_table(hz.tolist()))
    assert flaws(figure, misplaced_text) == []


def test_forty_classes_over_channels_fit_two_pages(misplaced_text):
    cells = explained([f"class {number}" for number in range(40)], 4, 8).drop_vars(["ci_low", "ci_high"])
    figure = plotting.plot_relevance(cells, "channels")
    assert flaws(figure, misplaced_text) == []
    titles = [ax.get_title("left") for ax in figure.axes[:40]]
    assert titles == [f"class {number}" for number in range(40)]


# --- names of any script


@pytest.fixture
def no_other_fonts(monkeypatch):
    """A computer that has the fonts of Matplotlib only."""
    monkeypatch.setattr(glyphs, "_other_family", lambda character, families: None)


@pytest.mark.usefixtures("no_other_fonts")
@pytest.mark.parametrize("figure", NAMED)
def test_names_that_no_font_has_are_written_as_unicode_numbers(misplaced_text, figure):
    drawn = NAMED[figure](SCRIPTS)
    assert flaws(drawn, misplaced_text) == []  # any warning is an error
    words = " ".join(written(drawn))
    for name in ("U+5DE6 624B", "U+C67C C190", "يسار", "$x_1^2$", "<script>", "μ кость"):
        assert name in words
    dollars = [text for text in drawn.findobj(Text) if "$" in text.get_text() and text.get_visible()]
    assert not any(text.get_parse_math() for text in dollars)
    assert "U+…:" in words


@pytest.mark.usefixtures("no_other_fonts")
def test_stand_ins_keep_names_apart_and_are_told_once():
    with style():
        names = ["左手", "左 手", "左", "左a", "左\ufe0f"]
        assert len({legible(name) for name in names}) == len(names)
        assert legible("左手a 右") == "U+5DE6 624B a U+53F3"
        assert missing_note()
        assert legible(legible("左手")) == legible("左手")
    with style():
        assert legible("left\nfoot") == "left\nfoot"
        assert missing_note() == ""


def test_a_font_joins_the_style_only_where_its_letters_are_needed(monkeypatch):
    monkeypatch.setattr(glyphs, "_other_family", lambda character, families: "STIXGeneral")
    monkeypatch.setattr(glyphs, "get_font_names", lambda: pytest.fail("fonts were looked for"))
    with style():
        legible("C3 – µV")
        assert mpl.rcParams["font.family"] == ["DejaVu Sans"]
        assert legible("\ud7ff") == "\ud7ff"
        assert mpl.rcParams["font.family"] == ["DejaVu Sans", "STIXGeneral"]
    with style():
        assert mpl.rcParams["font.family"] == ["DejaVu Sans"]


def test_names_that_differ_at_their_ends_stay_apart():
    names = [f"{WORD}_{side}" for side in ("left", "right")]
    with style():
        short = fitted_apart([*names, names[0], "feet"], 30)
        assert short[0] == short[2] != short[1]
        assert short[0].endswith("left")
        assert short[3] == "feet"
        assert len(set(fitted_apart([f"{WORD}{number}{WORD}" for number in range(3)], 20))) == 3


# --- journals


def test_an_unknown_journal_is_refused_and_the_known_are_named():
    known = r"'sincviz', 'neuroimage', 'nature', 'ieee'; got 'science'"
    with pytest.raises(ValueError, match=known), plotting.journal("science"):
        pass


def test_text_is_measured_in_the_font_of_the_journal():
    with style():
        own = text_width_pt("imagined")
    with plotting.journal("ieee"), style():
        assert text_width_pt("imagined", size_pt=7) < 0.95 * own  # Times is narrow
    with style():
        assert text_width_pt("imagined") == own


@pytest.mark.parametrize("name", JOURNALS)
def test_a_figure_keeps_its_font_when_the_journal_is_left(name, caplog, misplaced_text):
    with plotting.journal(name):
        figure = plotting.plot_notice("Scalp maps cannot be drawn.", "Channel A1 has no position.")
    assert misplaced_text(figure) == []
    families = {text.get_fontfamily()[0] for text in figure.texts}
    assert len(families) == 1
    assert families <= set(JOURNALS[name].families)
    assert "findfont" not in caplog.text
    assert plt.rcParams["font.family"] == ["sans-serif"]
