"""Output of the commands to the terminal."""

import math
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from sincviz._utils.text import shown

if TYPE_CHECKING:
    import pandas as pd

    from sincviz.cli.demonstration import Demonstration
    from sincviz.comparison.comparison import Comparison
    from sincviz.inspection.inspection import Inspection
    from sincviz.population.group import Group


class SafeConsole(Console):
    """A console that shows control codes in what it is given, and never sends them to the terminal."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Return rich text of a string, ends of lines kept."""
        return super().render_str(shown(text, keep="\n"), **options)


console = SafeConsole()


def print_network(inspection: "Inspection") -> None:
    """Print the configuration of a network and what it was trained on."""
    from sincviz.inspection.words import data_words, network_words

    n_trials = inspection.network["training"].get("n_training_trials")
    known = "" if n_trials is None else f" ({n_trials} trials)"
    for sentence in (
        network_words(inspection),
        f"{data_words(inspection, of_trials=False).removesuffix('.')}{known}.",
    ):
        console.print(shown(sentence), highlight=False, markup=False)


def print_bands(bands: "pd.DataFrame") -> None:
    """Print the table of :func:`sincviz.learned_bands` and how to read it; free filters have no nominal band."""
    free = bool(bands["low_hz"].isna().all())
    table = Table(title="Learned bands (Hz)", title_justify="left")
    written = () if free else ("Energy in band", "Shift")
    for header in ("Filter", *(() if free else ("Nominal",)), "Measured (−3 dB)", "Peak", *written, "Rhythm"):
        table.add_column(header, justify="left" if header == "Rhythm" else "right")
    for row in bands.reset_index().to_dict("records"):
        measured = (
            (f"{row['measured_low_hz']:.1f}–{row['measured_high_hz']:.1f}", f"{row['peak_hz']:.1f}")
            if math.isfinite(row["peak_hz"])
            else ("passes nothing", "–")
        )
        if free:
            table.add_row(str(row["filter"]), *measured, row["rhythm"])
            continue
        table.add_row(
            str(row["filter"]),
            f"{row['low_hz']:.1f}–{row['high_hz']:.1f}",
            *measured,
            f"{row['in_band_energy']:.0%}",
            _shift(row["center_hz"] - (row["initial_low_hz"] + row["initial_high_hz"]) / 2),
            row["rhythm"],
        )
    console.print(table)
    measured_hz = bands["measured_high_hz"] - bands["measured_low_hz"]
    narrower = int((bands["bandwidth_hz"] < measured_hz).sum())
    said = (
        ". Free filters have no nominal band, and pass other frequencies too."
        if free
        else f", nominally {bands['bandwidth_hz'].mean():.1f} Hz; {narrower} of {len(bands)} filters are narrower as "
        "written than as computed. Read the measured column. Shift: of the nominal centre since initialisation."
    )
    console.print(
        f"A kernel of {bands.attrs['n_taps']} samples at {bands.attrs['sfreq_hz']:g} Hz makes bands of "
        f"{measured_hz.mean():.1f} Hz on average (−3 dB){said}",
        highlight=False,
    )


def _shift(hz: float) -> str:
    """Return a shift; a dash where the start is not known."""
    return f"{hz:+.2f}" if math.isfinite(hz) else "–"


def print_summary(inspection: "Inspection") -> None:
    """Print in words how well the network decodes, what it uses, in which roles, and how certain that is."""
    from sincviz.inspection.accuracy import accuracy_words
    from sincviz.inspection.certainty import certainty_words
    from sincviz.inspection.leading import basis_words
    from sincviz.inspection.role_words import role_words
    from sincviz.inspection.seeds import seed_words
    from sincviz.inspection.words import verdict_words

    console.print(f"[bold]{escape(shown(verdict_words(inspection)))}[/]", highlight=False)
    for words in (accuracy_words, basis_words, role_words, seed_words, certainty_words):
        for sentence in words(inspection):
            console.print(shown(sentence), highlight=False, markup=False)


def print_comparison(comparison: "Comparison") -> None:
    """Print in words what two networks have in common."""
    from sincviz.comparison.contents import summary_words

    for sentence in summary_words(comparison):
        console.print(shown(sentence), highlight=False, markup=False)


def print_group(group: "Group") -> None:
    """Print in words what many networks have in common, and the clusters that are significant."""
    from sincviz.population.contents import summary_words

    for sentence in summary_words(group):
        console.print(shown(sentence), highlight=False, markup=False)


def print_findings(findings: "pd.DataFrame") -> None:
    """Print what :func:`sincviz.diagnose` found, most severe first."""
    colours = {"error": "red", "warning": "yellow", "note": "cyan"}
    if findings.empty:
        console.print("Findings: none.", highlight=False)
    for row in findings.to_dict("records"):
        console.print(
            f"[bold {colours[row['severity']]}]{row['severity']}[/] [bold]{escape(shown(row['finding']))}[/] "
            f"{escape(shown(row['evidence']))} [italic]{escape(shown(row['remedy']))}[/]",
            highlight=False,
        )


def print_agreement(demonstration: "Demonstration") -> None:
    """Print how well the demonstration's network agrees with the known truth."""
    from sincviz.cli.demonstration import LEAST_AGREEMENT, MOST_CONTROL_AGREEMENT, strongest_cells

    cells = strongest_cells(demonstration.loss)
    listed = ", ".join(
        f"{band} {channel}" for band, channel in zip(cells["band"], cells["channel"], strict=True)
    )
    known = demonstration.true_cells.to_dataframe().query("true_cells").index
    console.print(
        f"\nKnown truth: {', '.join(f'{band} {channel}' for band, channel in known)}", highlight=False
    )
    console.print(
        f"Cells whose replacement reduces the score most, strongest first: {listed}", highlight=False
    )
    table = Table(
        title="Agreement with the known sources, on trials not used in training", title_justify="left"
    )
    for header in ("", "Trained", "Untrained control"):
        table.add_column(header, justify="left" if not header else "right")
    table.add_row(
        "Accuracy (chance 0.50)", f"{demonstration.accuracy:.2f}", f"{demonstration.control_accuracy:.2f}"
    )
    table.add_row(
        "Band × channel cells, ROC area (chance 0.50)",
        f"{demonstration.agreement.cells:.2f}",
        f"{demonstration.control_cells:.2f}",
    )
    table.add_row("Channels, ROC area (chance 0.50)", f"{demonstration.agreement.channels:.2f}", "")
    table.add_row("Share of the loss in the sources' bands", f"{demonstration.agreement.bands:.0%}", "")
    console.print(table)
    verdict = "[green]passed[/]" if demonstration.passed else "[red]failed[/]"
    console.print(
        f"{verdict}: cells at least {LEAST_AGREEMENT:.2f} trained, at most {MOST_CONTROL_AGREEMENT:.2f} untrained.",
        highlight=False,
    )
