"""The command ``sincviz``: its commands, and how it tells what went wrong."""

import re
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Annotated, Any, NoReturn

import typer
from rich.markup import escape

from sincviz._version import __version__
from sincviz.cli.benchmark import benchmark
from sincviz.cli.check import check
from sincviz.cli.compare import compare
from sincviz.cli.demo import demo
from sincviz.cli.group import group
from sincviz.cli.inspect import inspect
from sincviz.cli.sys_info import sys_info
from sincviz.cli.terminal import SafeConsole, console
from sincviz.cli.train import train
from sincviz.errors import SincvizError, did_you_mean

app = typer.Typer(
    name="sincviz",
    help="Read what an EEG network has learned.",
    pretty_exceptions_enable=False,
)

for command in (train, inspect, compare, check, group, benchmark, demo, sys_info):
    app.command()(command)

# Click's base class, which typer holds inside or beside itself, depending on its version.
_UsageError: Any = typer.BadParameter.__mro__[2]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; bad input is one line on the error stream and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that lacks a dash must not lose the table.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    if threading.current_thread() is threading.main_thread():
        # As an exception it lets every command remove what it has half written.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with warnings.catch_warnings():
        warnings.showwarning = _warn
        _run(arguments)


def _run(arguments: Sequence[str] | None) -> NoReturn:
    try:
        sys.exit(app(arguments, prog_name="sincviz", standalone_mode=False) or 0)
    except _UsageError as error:
        _stop(_usage_words(error), code=2)
    except UnicodeEncodeError as error:
        part = error.object[max(0, error.start - 20) : error.end + 20]
        _stop(
            f"A name contains half of a surrogate pair, which cannot be written to a file: {part!r}. Rename it.",
            code=2,
        )
    except (SincvizError, ValueError, OSError) as error:
        _stop(str(error), code=2)
    except RecursionError:
        _stop("A file contains lists that are nested too deeply.", code=2)
    except (KeyboardInterrupt, typer.Abort):
        _stop("Interrupted.", code=130)


def _usage_words(error: Any) -> str:
    """Return what is wrong with a command, and what was probably meant."""
    option = getattr(error, "option_name", None)
    if option is None or error.ctx is None:
        return str(error.format_message())
    known = [
        name for parameter in error.ctx.command.params for name in parameter.opts if name.startswith("--")
    ]
    return f"No such option: {option}.{did_you_mean(option, known)} `{error.ctx.command_path} --help` lists them."


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """Print a warning in one line, without the line of code that it came from."""
    text = escape(" ".join(str(message).split()))
    SafeConsole(stderr=True).print(f"[bold yellow]Warning:[/] {text}", highlight=False, soft_wrap=True)


def _stop(message: str, *, code: int) -> NoReturn:
    """Print the reason in one line, and exit."""
    # Two lines of code stay two statements.
    one_line = " ".join(re.sub(r"\)\n\s+(?=\w+[.(])", "); ", message).split())
    SafeConsole(stderr=True).print(f"[bold red]Error:[/] {escape(one_line)}", highlight=False, soft_wrap=True)
    sys.exit(code)


def _print_version(wanted: bool) -> None:
    if wanted:
        console.print(f"sincviz {__version__}", highlight=False)
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        console.print(context.get_help(), markup=False, highlight=False)
