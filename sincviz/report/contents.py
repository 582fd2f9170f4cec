"""Contents of a report: sections, each with its steps, figures, tables, arrays and sentences."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import pandas as pd
import xarray as xr

from sincviz.errors import SincvizError, did_you_mean

if TYPE_CHECKING:
    import matplotlib.figure


class Shown(Protocol):
    """Results as attributes; one that could not be measured is ``None``, and ``missing`` says why."""

    @property
    def findings(self) -> pd.DataFrame:
        """Problems that limit the interpretation of the results."""
        ...

    @property
    def missing(self) -> Mapping[str, str]:
        """Why, by the name of the result, or by ``"name: case"`` where one of several cases is missing."""
        ...


class Measuring(Protocol):
    """What is under way: results so far, and why others are missing."""

    results: dict[str, Any]
    missing: dict[str, str]


Results = TypeVar("Results", bound=Shown)
Run = TypeVar("Run", bound=Measuring)


class Rows(NamedTuple):
    """A table as the page shows it."""

    header: Sequence[str]
    rows: Sequence[Sequence[object]]
    caption: str


class Sentence(NamedTuple):
    """A sentence of the methods paragraph, with the keys of what it cites."""

    text: str
    cited: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step(Generic[Run]):
    """One measurement.

    Attributes
    ----------
    words : str
        What the progress bar says.
    fields : tuple of str
        Results that it yields.
    measure : callable
        The run to these results.
    applies : callable
        The run to whether the step is taken at all.
    required : bool
        Whether there are no results without it.
    """

    words: str
    fields: tuple[str, ...]
    measure: Callable[[Run], tuple[Any, ...]]
    applies: Callable[[Run], bool] = lambda run: True
    required: bool = False


@dataclass(frozen=True)
class Figure(Generic[Results]):
    """One figure, or one for each of several cases, such as conditions.

    Attributes
    ----------
    name : str
        Name of the file; the cases are numbered.
    title : str
        Above the figure; the case follows.
    needs : tuple of str
        Results without which there is none.
    draw : callable
        Results, and the case if there are several, to a Matplotlib figure.
    caption : callable
        Results to the sentences below it.
    cases : callable | None
        Results to the names of the cases; ``None`` is a single figure.
    applies : callable
        Results to whether there is anything to show.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    draw: Callable[..., "matplotlib.figure.Figure"]
    caption: Callable[[Results], str]
    cases: Callable[[Any], Sequence[str]] | None = None
    applies: Callable[[Any], bool] = lambda results: True


@dataclass(frozen=True)
class Table:
    """One table: in a file, on the page, or both.

    Attributes
    ----------
    name : str
        Name of the file.
    needs : tuple of str
        Results without which there is none.
    frame : callable | None
        Results to what the file holds; ``None`` writes none.
    title : str
        On the page.
    rows : callable | None
        Results to what the page shows; ``None`` shows none.
    applies : callable
        Results to whether there is anything to show on the page.
    """

    name: str
    needs: tuple[str, ...]
    frame: Callable[[Any], pd.DataFrame] | None = None
    title: str = ""
    rows: Callable[[Any], Rows] | None = None
    applies: Callable[[Any], bool] = lambda results: True


@dataclass(frozen=True)
class Summary(Generic[Results]):
    """A question of the page's first part and the sentences that answer it.

    Attributes
    ----------
    name : str
        In the file for machines.
    question : str
        On the page.
    sentences : callable
        Results to sentences; a question without any is not asked.
    style : {"", "alarm", "suspicion"}
        How the sentences stand out.
    otherwise : callable | None
        Results to what is said where there are no sentences.
    """

    name: str
    question: str
    sentences: Callable[[Results], Iterable[str]]
    style: str = ""
    otherwise: Callable[[Results], str] | None = None


@dataclass(frozen=True)
class Section(Generic[Results, Run]):
    """Everything about one topic; what it does not have is empty.

    Attributes
    ----------
    name : str
        What ``only=`` calls it.
    heading : str
        On the page; sections of one heading stand together.
    steps : tuple of Step
        What is measured, in this order; a step that two sections share is done once.
    figures, tables : tuple of Figure, tuple of Table
        What is shown.
    arrays : tuple of str
        Results that go to netCDF files of their names.
    summary : tuple of Summary
        What the page begins with.
    methods : callable | None
        Results to sentences of the methods paragraph.
    always : bool
        Whether it is there whatever ``only=`` names.
    """

    name: str
    heading: str
    steps: tuple[Step[Run], ...] = ()
    figures: tuple[Figure[Results], ...] = ()
    tables: tuple[Table, ...] = ()
    arrays: tuple[str, ...] = ()
    summary: tuple[Summary[Results], ...] = ()
    methods: Callable[[Results], Iterable[Sentence]] | None = None
    always: bool = False


@dataclass(frozen=True)
class Contents(Generic[Results]):
    """What page and folder need to know of a kind of results.

    Attributes
    ----------
    sections : tuple of Section
        In the order of the page.
    title : callable
        Results to the heading of the page.
    lead_title : str
        Title of what the page begins with.
    lead : callable
        Results to the paragraphs before the summary.
    settings : callable
        Results to names and values that stand behind the versions.
    facts : callable
        Results to what the file for machines holds beside the summary.
    facts_file : str
        Name of that file.
    kept : str
        What stays in a folder where results are replaced.
    live : callable | None
        Results to the part of the page that runs a script, or ``None`` where there is nothing to show.
    """

    sections: tuple[Section[Results, Any], ...]
    title: Callable[[Results], str]
    lead_title: str
    lead: Callable[[Results], Sequence["Paragraph"]]
    settings: Callable[[Results], Iterable[tuple[str, str]]]
    facts: Callable[[Results], dict[str, Any]]
    facts_file: str
    kept: str = ""
    live: Callable[[Results], "LivePart | None"] | None = None


class LivePart(NamedTuple):
    """A part of the page with a script: title, HTML, and the hash by which the page's policy admits the script."""

    title: str
    html: str
    script_hash: str


class Paragraph(NamedTuple):
    """A paragraph of the page's first part; ``kind`` is its style: ``"lead"``, ``"verdict"`` or none."""

    text: str
    kind: str = ""


class Drawing(NamedTuple):
    """A figure that can be made."""

    name: str
    title: str
    caption: str
    draw: Callable[[], "matplotlib.figure.Figure"]


def chosen_sections(
    sections: Sequence[Section[Any, Any]], only: Sequence[str] | None
) -> tuple[Section[Any, Any], ...]:
    """Return the sections that ``only`` names, in their order, and those that are always there.

    Raises
    ------
    ValueError
        If one is unknown, or there is none.
    """
    names = [section.name for section in sections if not section.always]
    if only is None:
        return tuple(sections)
    unknown = [name for name in only if name not in names]
    if unknown or isinstance(only, str) or not only:
        meant = "".join(did_you_mean(str(name), names) for name in unknown[:1])
        raise ValueError(f"`only` must be a list of sections out of {', '.join(names)}; got {only!r}.{meant}")
    return tuple(section for section in sections if section.always or section.name in only)


def steps_of(sections: Sequence[Section[Any, Run]], run: Run) -> list[Step[Run]]:
    """Return the steps that apply, each once, in their order."""
    steps = dict.fromkeys(step for section in sections for step in section.steps)
    return [step for step in steps if step.applies(run)]


def measure(step: Step[Run], run: Run) -> None:
    """Take a step, or note why that cannot be."""
    try:
        run.results |= dict(zip(step.fields, step.measure(run), strict=True))
    except (SincvizError, ValueError, TypeError) as error:
        if step.required:
            raise
        run.missing |= dict.fromkeys(step.fields, str(error))


def drawings_of(section: Section[Results, Any], results: Results) -> Iterator[Drawing]:
    """Yield the figures of a section that there are numbers for; nothing is drawn before ``draw`` is called."""
    for figure in section.figures:
        if not _there(results, figure.needs) or not figure.applies(results):
            continue
        caption = figure.caption(results)
        if figure.cases is None:
            yield Drawing(figure.name, figure.title, caption, _drawn(figure, results))
            continue
        for number, case in enumerate(figure.cases(results), 1):
            title = f"{figure.title}, {case}" if case else figure.title
            yield Drawing(f"{figure.name}_{number}", title, caption, _drawn(figure, results, case))


def frames_of(section: Section[Results, Any], results: Results) -> dict[str, pd.DataFrame]:
    """Return the tables of a section that go to files, by name."""
    return {
        table.name: table.frame(results)
        for table in section.tables
        if table.frame is not None and _there(results, table.needs)
    }


def rows_of(section: Section[Results, Any], results: Results) -> Iterator[tuple[str, Rows]]:
    """Yield title and rows of the tables of a section that the page shows."""
    for table in section.tables:
        if table.rows is not None and _there(results, table.needs) and table.applies(results):
            yield table.title, table.rows(results)


def arrays_of(section: Section[Results, Any], results: Results) -> dict[str, xr.Dataset]:
    """Return the labelled arrays of a section that go to files, by name."""
    arrays = {name: getattr(results, name) for name in section.arrays}
    return {
        name: array.to_dataset(name=array.name or name) if isinstance(array, xr.DataArray) else array
        for name, array in arrays.items()
        if array is not None
    }


def reasons_of(section: Section[Results, Any], results: Results) -> dict[str, str]:
    """Return the titles of what a section that was asked for could not show, and why."""
    if section.always:
        return {}
    drawn = {need for figure in section.figures for need in figure.needs}
    shown = [(figure.title, figure.needs) for figure in section.figures]
    # A table of what a figure shows is missing for the same reason.
    shown += [
        (table.title, table.needs)
        for table in section.tables
        if table.rows is not None and not {*table.needs} & drawn
    ]
    reasons: dict[str, str] = {}
    for title, needs in shown:
        for name, why in results.missing.items():
            result, _, case = name.partition(": ")
            if result in needs:
                reasons.setdefault(f"{title}, {case}" if case else title, why)
    return reasons


def summary_of(contents: Contents[Results], results: Results) -> dict[str, list[str]]:
    """Return the sentences of the summary, by the name of each question."""
    return {
        summary.name: list(summary.sentences(results))
        for section in contents.sections
        for summary in section.summary
    }


def _there(results: object, needs: Sequence[str]) -> bool:
    return all(getattr(results, name) is not None for name in needs)


def _drawn(figure: Figure[Any], results: object, *case: str) -> Callable[[], "matplotlib.figure.Figure"]:
    return lambda: figure.draw(results, *case)
