"""What is printed of a network fits a few lines, and says what is not known."""

from torch import nn

import sincviz


def test_a_network_is_printed_in_a_few_lines(network):
    opened = sincviz.network(
        network(), ch_names=[f"E{number}" for number in range(6)], class_names=["left", "right"]
    )
    text = repr(opened)
    assert len(text) < 300
    assert "\n" not in text
    for part in (
        "SincShallowNet",
        "4 temporal filters, 2 spatial ones each",
        "6 channels: E0, E1",
        "128 Hz",
        "left, right",
    ):
        assert part in text


def test_what_is_not_known_of_any_module_is_said():
    text = repr(sincviz.network(nn.Sequential(nn.Flatten(), nn.Linear(4 * 64, 2))))
    for part in ("names not known", "sampling rate not known", "classes not known"):
        assert part in text
    assert len(text) < 300


def test_names_that_steer_a_terminal_are_escaped(network):
    hostile = [f"C{number}\x1b]52;c;bad\x07" for number in range(6)]
    assert "\x1b" not in repr(sincviz.network(network(), ch_names=hostile))
