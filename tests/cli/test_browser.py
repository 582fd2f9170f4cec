"""Pages in the user's browser."""

import sys
import webbrowser

import pytest

from sincviz import SincShallowNet, save_checkpoint
from sincviz.cli import main as cli
from sincviz.cli.browser import open_page


@pytest.fixture
def opened(monkeypatch):
    """Return the addresses that were opened; there is a display."""
    addresses = []
    monkeypatch.setattr(webbrowser, "open", lambda address: addresses.append(address) or True)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    return addresses


@pytest.fixture
def no_display(opened, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    return opened


def test_the_address_is_absolute_and_quoted(opened, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b#1").mkdir()
    assert open_page((tmp_path / "a b#1" / "report.html").relative_to(tmp_path))
    assert opened == [f"{tmp_path.as_uri()}/a%20b%231/report.html"]


def test_without_a_display_no_browser_of_the_terminal_is_started(no_display, tmp_path):
    assert not open_page(tmp_path / "report.html")
    assert no_display == []


@pytest.mark.parametrize(("asked", "has_display"), [(True, True), (True, False), (False, True)])
def test_inspect_opens_its_page_only_if_asked(asked, has_display, request, tmp_path, capsys):
    addresses = request.getfixturevalue("opened" if has_display else "no_display")
    save_checkpoint(
        SincShallowNet(n_chans=2, n_outputs=2, n_times=128, sfreq=128, num_time_filters=2), tmp_path / "n.pt"
    )
    with pytest.raises(SystemExit) as stopped:
        cli.main(["inspect", str(tmp_path / "n.pt"), "--only", "bands", *(["--open"] if asked else [])])
    assert not stopped.value.code
    assert addresses == (
        [(tmp_path / "n-inspection" / "report.html").as_uri()] if asked and has_display else []
    )
    assert ("no display" in capsys.readouterr().out) == (asked and not has_display)
