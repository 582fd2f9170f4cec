"""Progress bars: off where nobody watches, and where tqdm is switched off."""

import contextlib
import os

import pytest

from sincviz._utils import progress


@pytest.mark.parametrize(("switch", "off"), [("1", True), ("", None)])
def test_no_bar_is_shown_where_tqdm_is_switched_off(monkeypatch, switch, off):
    seen = {}

    def bar(items, *_, **settings):
        seen.update(settings)
        return items

    monkeypatch.setenv("TQDM_DISABLE", switch)
    monkeypatch.setattr(progress, "tqdm", bar)
    assert list(progress.followed([1, 2], "Reading", "batch")) == [1, 2]
    assert seen["disable"] is off
    assert seen["delay"] == 2


def test_nothing_is_written_where_nobody_watches(capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    assert list(progress.followed(iter("abc"), "Reading", "letter", 3)) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_what_is_silenced_is_loud_again_afterwards(monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "yes")
    with progress.silenced():
        assert progress.switched_off() is True
    assert os.environ["TQDM_DISABLE"] == "yes"
    monkeypatch.delenv("TQDM_DISABLE")
    with progress.silenced(), contextlib.suppress(ValueError), progress.silenced():
        raise ValueError
    assert progress.switched_off() is None
