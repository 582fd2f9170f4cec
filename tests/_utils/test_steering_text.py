"""No character out of a file reaches a terminal, an error or a page that would steer it."""

import json
import re
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz import CheckpointError, SincShallowNet, inspect, load_checkpoint, save_checkpoint
from sincviz._utils.strict_json import json_text
from sincviz._utils.text import shown
from sincviz.cli.terminal import SafeConsole
from sincviz.errors import warn

COPY = "\x1b]52;c;ZWNobyBoaQ==\x07"  # writes the clipboard
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=30))
def test_nothing_steers_and_what_is_printable_stays(text):
    assert not STEERING.search(shown(text))
    assert "\n" not in shown(text)
    if text.isprintable():
        assert shown(text) == text
    facts = json_text({"name": text})
    assert json.loads(facts) == {"name": text}
    assert not STEERING.search(facts)


@pytest.mark.parametrize("text", ["Fp1", "左手", "יד שמאל", "μV", "a\u200cb", "👍"])
def test_names_in_any_script_stay(text):
    assert shown(text) == text


def test_errors_and_warnings_show_what_is_not_seen():
    assert str(CheckpointError(f"no {COPY}")) == "no \\x1b]52;c;ZWNobyBoaQ==\\x07"
    with pytest.warns(RuntimeWarning, match=r"^\\x1b\]52"):
        warn(COPY)


def test_the_console_shows_them_and_keeps_its_own_colours(capsys):
    console = SafeConsole(force_terminal=True, color_system="standard", width=80)
    console.print(f"[bold]{COPY}[/]\n", COPY)
    printed = capsys.readouterr().out
    assert "\x1b[1m" in printed
    assert "\x1b]" not in printed
    assert "\x07" not in printed


def hostile_network(names=(f"C3{COPY}", "Cz\u202e", "C4\nVerdict: readable"), **more):
    model = SincShallowNet(
        n_outputs=2,
        n_times=256,
        sfreq=128,
        num_time_filters=2,
        chs_info=[{"ch_name": name} for name in names],
    )
    model.class_names, model.scale = [f"left{COPY}", "right\x9b31m"], 1e6
    return model.eval()


def test_the_commands_send_none_of_it_also_of_files_that_are_refused(tmp_path, monkeypatch, capsys):
    from sincviz.cli import main as cli

    monkeypatch.chdir(tmp_path)
    save_checkpoint(hostile_network(), "a.safetensors")
    whole = (tmp_path / "a.safetensors").read_bytes()
    (tmp_path / "b.safetensors").write_bytes(
        whole.replace(b'"n_chans":3', b'"n_chans":4').replace(b'"n_chans": 3', b'"n_chans": 4')
    )
    for arguments in (
        ("inspect", "a.safetensors", "--only", "bands,maps"),
        ("inspect", "a.safetensors", "--only", "bands", "--json", "--out", "json"),
        ("inspect", "a.safetensors", "--channels", f"A{COPY},B,C", "--out", "no"),
        ("inspect", "a.safetensors", "--montage", "standard_1005", "--out", "no"),
        ("inspect", "b.safetensors", "--out", "no"),
        ("inspect", f"nowhere{COPY}", "--out", "no"),
    ):
        with warnings.catch_warnings(), pytest.raises(SystemExit):
            cli.main(arguments)
        printed = capsys.readouterr()
        for text in (printed.out, printed.err):
            assert not STEERING.search(text), (arguments, STEERING.search(text), text[:300])
            assert "\nVerdict" not in text


def test_the_page_and_the_facts_show_none_of_it(tmp_path):
    inspect(hostile_network(), only=["bands", "maps"], progress=False).save(tmp_path / "out", progress=False)
    for name in ("report.html", "inspection.json"):
        text = (tmp_path / "out" / name).read_text("utf-8")
        assert not STEERING.search(text.split("</script>")[-1])
        assert "x1b]52" in text or "u001b]52" in text


@pytest.mark.parametrize("name", [f"C3{COPY}", "\ud800"])
def test_a_refusal_shows_the_name(tmp_path, name):
    save_checkpoint(hostile_network(), tmp_path / "a.safetensors")
    with pytest.raises(ValueError, match="name") as raised:
        load_checkpoint(tmp_path / "a.safetensors", [{"ch_name": name}] * 3)
    assert not STEERING.search(str(raised.value))
