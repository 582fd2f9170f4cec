"""The browser of the user, for pages that a command has written."""

import os
import sys
import webbrowser
from pathlib import Path


def open_page(page: Path) -> bool:
    """Open a page in the browser where there is a display; return whether that was done."""
    # Without a display a browser of the terminal would take the terminal over.
    has_display = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    return has_display and webbrowser.open(page.resolve().as_uri())
