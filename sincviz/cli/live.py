"""Live view of training in a terminal: every filter's band as a bar that moves."""

from collections.abc import Mapping

import numpy as np
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sincviz.cli.terminal import console
from sincviz.training.live import LiveTraining

_MOST_WIDTH = 60
_BESIDE = 36  # what the other columns take
_LOSSES = {"train_loss": "loss", "valid_loss": "validation loss", "valid_accuracy": "validation accuracy"}


class TerminalTraining(LiveTraining):
    """Callback that shows moving bands, loss and accuracy in the terminal."""

    _screen: Live | None = None

    def start(self, module: object) -> None:
        """Show where the bands start."""
        super().start(module)
        self._screen = Live(self.screen(), console=console, refresh_per_second=4, transient=False)
        self._screen.start()

    def update(self, module: object, losses: Mapping[str, float]) -> None:
        """Show where the bands are."""
        super().update(module, losses)
        if self._screen is not None:
            self._screen.update(self.screen())

    def finish(self) -> None:
        """Leave the end on the screen."""
        super().finish()
        if self._screen is not None:
            self._screen.stop()
            if not console.is_terminal:
                console.line()  # a pipe is sent the end alone, without an end of line
        self._screen = None

    def screen(self) -> Group:
        """Return what the terminal shows of the training so far."""
        now, then = self.cutoffs_[-1], self.cutoffs_[0]
        highest_hz = 10 * np.ceil(max(now.max(), then.max()) / 10)
        width = max(10, min(_MOST_WIDTH, console.width - _BESIDE))
        table = Table(box=None, pad_edge=False)
        table.add_column("Filter", justify="right")
        table.add_column(_scale(highest_hz, width))
        for name in ("Cut-offs (Hz)", "Moved (Hz)"):
            table.add_column(name, justify="right")
        for number, (low, high) in enumerate(now):
            moved = (low + high - then[number].sum()) / 2
            table.add_row(
                str(number), _bar(low, high, highest_hz, width), f"{low:.1f}–{high:.1f}", f"{moved:+.2f}"
            )
        words = [f"Epoch {len(self.curves_)}"]
        if self.curves_:
            known = self.curves_[-1]
            words += [f"{called} {known[name]:.3f}" for name, called in _LOSSES.items() if name in known]
        return Group(Text(", ".join(words)), table)


def _bar(low: float, high: float, highest_hz: float, width: int) -> str:
    """Return a band on a line from 0 to the highest frequency.

    Examples
    --------
    >>> _bar(0, 15, 30, 60).count("█"), _bar(29.9, 30, 30, 60).rstrip()[-1]
    (30, '█')
    """
    start = min(int(width * low / highest_hz), width - 1)
    end = max(start + 1, round(width * high / highest_hz))
    return " " * start + "█" * (end - start) + " " * (width - end)


def _scale(highest_hz: float, width: int) -> str:
    """Return the ends of the frequencies.

    Examples
    --------
    >>> len(_scale(40, 60)), _scale(40, 60).split()
    (60, ['0', '40', 'Hz'])
    """
    end = f"{highest_hz:g} Hz"
    return f"0{end.rjust(width - 1)}"
