"""Small words, right for every number."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sincviz._utils.text import class_words, counted, listed, percent
from sincviz.eeg.band_limits import ranges_of
from sincviz.eeg.band_words import band_words
from sincviz.inspection.words import filter_words


@given(low=st.integers(0, 50), width=st.integers(1, 50))
def test_a_band_is_told_with_its_limits(low, width):
    limits = ranges_of({"mine": (float(low), float(low + width)), "above": (200.0, math.inf)})
    assert band_words("mine", limits) == f"mine ({low}–{low + width} Hz)"
    assert band_words("above", limits) == "above (above 200 Hz)"


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({}, "all frequencies"),
        ({"all": (0, math.inf)}, "no frequency"),
        ({"mu": (8, 13)}, "below 8 Hz and above 13 Hz"),
        ({"mu": (8, 13), "high": (13, math.inf)}, "below 8 Hz"),
        ({"high": (13, math.inf), "mu": (8, 13)}, "below 8 Hz"),
        ({"mu": (8, 12), "high": (13, math.inf)}, "below 8 Hz and 12–13 Hz"),
        ({"low": (0, 12), "high": (13, math.inf)}, "12–13 Hz"),
    ],
)
def test_what_no_band_covers_is_called_by_its_limits(limits, words):
    assert band_words("other", ranges_of(limits)) == words


@given(number=st.integers(0, 1000))
def test_only_one_is_singular(number):
    assert counted(number, "class", "classes") == f"{number} {'class' if number == 1 else 'classes'}"
    assert counted(number, "trial") == f"{number} trial{'' if number == 1 else 's'}"


@given(names=st.lists(st.sampled_from("abcdef"), max_size=30), most=st.integers(1, 10))
def test_surplus_names_are_counted(names, most):
    text = listed(names, most)
    shown, _, rest = text.partition(" and ")
    assert [name for name in shown.split(", ") if name] == names[:most]
    assert rest == (f"{len(names) - most} more" if len(names) > most else "")


@given(share=st.floats(-10, 10))
def test_a_percentage_reads_back(share):
    words = percent(share)
    if 0 < abs(share) < 1e-4:
        assert words == "less than 0.01%"
    else:
        number = words.removesuffix("%")
        assert "-" not in number
        assert float(number.replace("−", "-")) / 100 == pytest.approx(share, rel=0.06, abs=1e-9)


@given(share=st.floats(0.9, 1, exclude_max=True), sign=st.sampled_from([1, -1]))
@example(0.99949999, 1)
@example(math.nextafter(1, 0), 1)
@example(math.nextafter(1, 0), -1)
def test_what_is_not_all_is_not_told_as_all(share, sign):
    assert percent(sign * share) not in ("100%", "100.0%", "−100%", "−100.0%")


@given(share=st.floats(0, 1, exclude_min=True), sign=st.sampled_from([1, -1]))
@example(math.ulp(0), 1)
def test_what_is_not_nothing_is_not_told_as_nothing(share, sign):
    assert percent(sign * share) not in ("0%", "−0%", "0.0%", "−0.0%")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        *[(0.0, "0%"), (-0.0, "0%"), (0.99e-4, "less than 0.01%"), (1e-4, "0.01%"), (0.001, "0.1%")],
        *[(0.0876, "8.8%"), (0.0949, "9.5%"), (0.096, "10%"), (0.534, "53%"), (0.994, "99%")],
        *[(0.996, "99.6%"), (0.9996, "99.9%"), (1.0, "100%"), (1.234, "123%")],
        *[(-0.001, "−0.1%"), (-0.3, "−30%"), (-0.9996, "−99.9%"), (-1.0, "−100%")],
    ],
)
def test_a_percentage_is_as_fine_as_it_must_be(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(
    ("band", "words"),
    [
        ((1, 40, 160), "filtered to 1–40 Hz"),
        ((0.0, 40.0, 160.0), "filtered to 0–40 Hz"),
        ((0.1, 80, 160), "filtered to 0.1–80 Hz"),
        ((0, 79.5, 160), "filtered to 0–79.5 Hz"),
        ((0.0, 80.0, 160.0), "not filtered (up to 80 Hz)"),
        ((0, 125, 160), "not filtered (up to 125 Hz)"),  # resampled after it was recorded
    ],
)
def test_data_are_called_filtered_only_if_they_were(band, words):
    assert filter_words(*band) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("0", "class 0"),
        ("19", "class 19"),
        ("left", "left"),
        ("1st", "1st"),
        ("class 2", "class 2"),
        ("", ""),
    ],
)
def test_a_class_without_a_name_is_called_by_its_number(name, words):
    assert class_words(name) == words
