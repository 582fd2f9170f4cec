"""What page and folder show of results, over all of their sections."""

from sincviz.report import contents as engine


def of_all(kind, results, contents):
    """Merge what a function of the engine says of each section."""
    return {
        name: value for section in contents.sections for name, value in dict(kind(section, results)).items()
    }


def frames(results, contents):
    return of_all(engine.frames_of, results, contents)


def arrays(results, contents):
    return of_all(engine.arrays_of, results, contents)


def rows(results, contents):
    return of_all(engine.rows_of, results, contents)


def reasons(results, contents):
    return of_all(engine.reasons_of, results, contents)


def drawings(results, contents):
    return [one for section in contents.sections for one in engine.drawings_of(section, results)]


def figures(contents):
    return [one for section in contents.sections for one in section.figures]
