"""What is said of roles is what the numbers say, and a suppressor is never presented as a place of information."""

import re

import numpy as np
import pytest
import xarray as xr

from sincviz import inspect
from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.bands import RHYTHMS
from sincviz.eeg.role_words import NEITHER, NOT_SHOWN, REDUNDANT, ROLES, SUPPRESSOR, USED_AND_INFORMATIVE
from sincviz.inspection.leading import basis_words, leading_rows
from sincviz.inspection.overview import OVERVIEW
from sincviz.inspection.role_words import cells_with_roles, has_rows, role_rows, role_words
from tests.report.test_summary import CHANNELS, leading, planted, slips, with_trials


def roles(targets=("left", "right"), **named):
    """Roles of alpha and beta at three channels: ``alpha_C3="suppressor"``; the others are neither."""
    dims = ("target", "band", "channel")
    coords = {"target": list(targets), "band": ["alpha", "beta"], "channel": CHANNELS}
    shape = tuple(map(len, coords.values()))
    role = np.full(shape, NEITHER, dtype="U20")
    for cell, name in named.items():
        band, channel = cell.split("_")
        role[0, coords["band"].index(band), CHANNELS.index(channel)] = name
    values = {"relevance": 0.0, "spread": 0.4, "power_area": 0.52, "evoked_area": 0.5}
    variables = {
        f"{name}{end}": (dims, np.full(shape, value + by))
        for name, value in values.items()
        for end, by in (("", 0), ("_ci_low", -0.05), ("_ci_high", 0.05))
    }
    found = xr.Dataset({"role": (dims, role), **variables}, coords, {"used_share": 0.1})
    return with_band_limits(found, RHYTHMS)


MU = planted(0, 10, "C3", 1.0)


def test_a_suppressor_is_used_but_no_place_of_information():
    words = role_words(with_trials(roles=roles(("left against right",), alpha_Cz=SUPPRESSOR)))
    (sentence,) = [one for one in words if one.startswith("Cz")]
    assert sentence.startswith(
        "Cz in alpha (8–13 Hz) is used (it moves the score by 0.40, 0.35 to 0.45), but carries no class information of "
        "its own that these trials show (ROC area of its power 0.52, 0.47 to 0.57; of its evoked response 0.50, 0.45 "
        "to 0.55): a suppressor."
    )
    assert words[-1].endswith("in these trials it shows no source of what the classes differ in.")
    assert not slips(words)


def test_the_words_say_how_cells_become_informative_and_what_no_excludes():
    found = roles(("left against right",)).assign_attrs(power_excluded=0.65, evoked_excluded=0.75)
    words = role_words(with_trials(roles=found))[0]
    assert (
        "tells the classes (p < 0.05, corrected, or a limit from all channels together that is corrected"
        in words
    )
    assert (
        "Not informative: a ROC area beyond 0.65 by power and above 0.75 by evoked response is excluded"
        in words
    )
    assert not slips([words])


def test_an_evoked_area_below_chance_is_said_to_tell_nothing():
    found = roles(("left against right",), alpha_Cz=SUPPRESSOR, beta_C3=REDUNDANT, beta_C4=REDUNDANT)
    for end, by in (("", 0), ("_ci_low", -0.05), ("_ci_high", 0.05)):
        found[f"evoked_area{end}"].loc[{"band": "alpha", "channel": "Cz"}] = 0.43 + by
        found[f"evoked_area{end}"].loc[{"band": "beta", "channel": "C3"}] = 0.3 + by
        found[f"power_area{end}"].loc[{"band": "beta", "channel": "C4"}] = 0.35 + by
    inspected = with_trials(roles=found)
    (sentence,) = [one for one in role_words(inspected) if one.startswith("Cz")]
    assert "of its evoked response 0.43, 0.38 to 0.48, which tells only above 0.5)" in sentence
    ordered = cells_with_roles(inspected)
    assert ordered[ordered["role"] == REDUNDANT]["channel"].tolist() == ["C4", "C3"]


def test_a_redundant_cell_tells_the_classes_but_is_not_used():
    found = roles(("left against right",), beta_C3=REDUNDANT)
    for end, by in (("", 0), ("_ci_low", -0.05), ("_ci_high", 0.05)):
        found[f"power_area{end}"].loc[{"band": "beta", "channel": "C3"}] = 0.8 + by
    words = role_words(with_trials(roles=found))
    assert words[-1].startswith(
        "C3 in beta (13–30 Hz) tells the classes by itself (ROC area of its power 0.80, 0.75 to 0.85;"
    )
    assert "this network does not use it" in words[-1]
    assert not slips(words)


def test_every_role_is_counted_and_what_is_not_shown_is_not_denied():
    found = roles(
        ("left against right",),
        alpha_C3=USED_AND_INFORMATIVE,
        alpha_C4=USED_AND_INFORMATIVE,
        beta_C3=NOT_SHOWN,
    )
    words = role_words(with_trials(roles=found))
    assert words[1:] == [
        "Of 6 cells, 2 are used and informative, 0 used but not informative (suppressors), 0 informative but not used "
        "(redundant) and 3 neither; of 1 the role is not shown."
    ]
    assert "Not shown does not mean no." in words[0]


def test_classes_are_told_apart_where_there_are_several():
    words = role_words(with_trials(roles=roles(alpha_C3=SUPPRESSOR)))
    assert [one.split(":")[0] for one in words if one.startswith("For ")] == ["For left", "For right"]
    assert not slips(words)


def test_the_largest_suppressors_come_first_and_three_are_named():
    found = roles(
        ("left against right",),
        **{f"{band}_{name}": SUPPRESSOR for band in ("alpha", "beta") for name in CHANNELS},
    )
    found["spread"][0] = np.arange(6.0).reshape(2, 3)
    inspected = with_trials(roles=found)
    table = cells_with_roles(inspected)
    assert table["spread"].tolist() == [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]
    named = [one.split(" is used")[0] for one in role_words(inspected) if "a suppressor." in one]
    assert named == [f"{name} in beta (13–30 Hz)" for name in ("C4", "Cz", "C3")]


def test_the_page_lists_suppressors_and_redundant_cells_only():
    inspected = with_trials(roles=roles(("left against right",), alpha_C3=SUPPRESSOR, beta_C4=REDUNDANT))
    shown = role_rows(inspected)
    assert [row[:3] for row in shown.rows] == [
        [SUPPRESSOR, "C3", "alpha (8–13 Hz)"],
        [REDUNDANT, "C4", "beta (13–30 Hz)"],
    ]
    assert all(len(row) == len(shown.header) for row in shown.rows)
    assert has_rows(inspected)
    assert not has_rows(with_trials(roles=roles()))
    assert len(cells_with_roles(inspected)) == 6


def test_where_nothing_can_be_read_nothing_is_said():
    assert role_words(with_trials(20, 40, roles=roles(alpha_C3=SUPPRESSOR))) == []
    assert role_words(with_trials()) == []


def test_a_leading_channel_that_is_a_suppressor_is_said_to_be_one_everywhere():
    bands, cells = leading(MU, cells_too=True)
    known = {"leading_bands": bands, "leading_cells": cells}
    plain, told = with_trials(**known), with_trials(**known, roles=roles(alpha_C3=SUPPRESSOR))
    note = "C3 is a suppressor: used, but without class information of its own that these trials show"
    assert note not in " ".join(basis_words(plain))
    assert f"({note})" in " ".join(basis_words(told))
    assert not slips(basis_words(told))
    assert any("C3 (suppressor: C3)" in row for row in leading_rows(told).rows)
    caption = OVERVIEW.figures[0].caption
    assert "own that these trials show: C3 in alpha." in caption(told)
    assert "own that these trials show" not in caption(plain)


def test_a_leading_channel_with_another_role_is_left_as_it_is():
    bands, cells = leading(MU, cells_too=True)
    known = {"leading_bands": bands, "leading_cells": cells}
    other = with_trials(**known, roles=roles(alpha_C3=USED_AND_INFORMATIVE, alpha_Cz=SUPPRESSOR))
    assert basis_words(other) == basis_words(with_trials(**known))


@pytest.fixture(scope="module")
def inspected(network, moved, simulation):
    built = moved(network(chs_info=simulation[0].info["chs"])).eval()
    built.scale, built.class_names = 1e6, ["left", "right"]
    return inspect(built, simulation[0], only=["roles"], progress=False)


def test_an_inspection_measures_roles_of_the_cells_that_it_explains(inspected):
    found, cells = inspected.roles, inspected.band_relevance
    for dim in ("target", "band", "channel"):
        np.testing.assert_array_equal(found[dim], cells[dim])
    np.testing.assert_allclose(
        found["relevance"], cells.transpose(*found["relevance"].dims), rtol=1e-5, atol=1e-7
    )
    assert set(np.unique(found["role"])) <= set(ROLES)


def test_trials_that_cannot_show_it_give_no_cell_a_role(inspected):
    assert not inspected.verdict["readable"]
    for name in ("used", "informative", "role"):
        assert set(np.unique(inspected.roles[name])) == {NOT_SHOWN}


def test_without_classes_it_says_why(network, moved, simulation):
    built = moved(network(chs_info=simulation[0].info["chs"])).eval()
    found = inspect(built, simulation[0].get_data()[:8] * 1e6, only=["roles"], progress=False)
    assert found.roles is None
    assert re.search("class of every trial", found.missing["roles"])
