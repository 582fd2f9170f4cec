from .bundle import read_bundle as read_bundle
from .bundle import write_bundle as write_bundle
from .cases import Case as Case
from .cases import case as case
from .cases import case_names as case_names
from .running import run as run
from .stored_rows import read_results as read_results
from .table import summary as summary
from .table import to_markdown as to_markdown

__all__ = [
    "Case",
    "case",
    "case_names",
    "read_bundle",
    "read_results",
    "run",
    "summary",
    "to_markdown",
    "write_bundle",
]
