"""What messages say of a method that fails: the reason, the place in its code, and what to try."""

import sysconfig
import traceback
from pathlib import Path

_SINCVIZ = Path(__file__).parents[1]
_NO_GRADIENT = (
    ". x has requires_grad False: try x = x.clone().requires_grad_(), and do not wrap the call of the model in "
    "torch.no_grad()."
)


def failure_words(error: Exception) -> str:
    """Return what an error of a method says, in one line, with the place in its code.

    Examples
    --------
    >>> failure_words(RuntimeError("no rule"))
    'RuntimeError: no rule'
    """
    reason = " ".join(str(error).split())
    hint = _NO_GRADIENT if "does not require grad" in reason else ""
    return f"{type(error).__name__}: {reason:.300}{_place(error)}{hint}"


def _place(error: Exception) -> str:
    """Return file, line and function of the method's innermost frame; the last of a library if it has none."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not Path(frame.filename).is_relative_to(_SINCVIZ)
    ]
    own = [
        frame
        for frame in frames
        if not {"site-packages", "dist-packages"} & set(Path(frame.filename).parts)
        and not Path(frame.filename).is_relative_to(sysconfig.get_path("stdlib"))
    ]
    if not frames:
        return ""
    last = (own or frames)[-1]
    return f" ({Path(last.filename).name}:{last.lineno} in {last.name})"
