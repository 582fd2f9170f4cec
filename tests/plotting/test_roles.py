"""Every electrode bears the mark of its role, and suppressors and redundant cells are named beside their points."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.contour import QuadContourSet
from matplotlib.text import Annotation

from sincviz.eeg.role_words import NEITHER, NOT_SHOWN, REDUNDANT, ROLES, SUPPRESSOR, USED_AND_INFORMATIVE
from sincviz.plotting import plot_roles
from sincviz.plotting.canvas.role_marks import MARKS


def marked(ax):
    """How many marks of each role axes show."""
    return {line.get_label(): len(line.get_xdata()) for line in ax.lines if line.get_label() in ROLES}


def named(ax):
    return [text.get_text() for text in ax.texts if isinstance(text, Annotation) and text.get_text()]


def counts(values):
    return {role: int((values == role).sum()) for role in ROLES if (values == role).any()}


def below(figure):
    return " ".join(text.get_text() for text in sorted(figure.texts, key=lambda one: -one.get_position()[1]))


def test_every_electrode_of_every_band_bears_the_mark_of_its_role(roles):
    found = roles()
    figure = plot_roles(found)
    scatter, *maps = figure.axes[:4]
    assert [ax.get_title() for ax in maps] == ["delta", "theta", "alpha"]
    for number, ax in enumerate(maps):
        assert marked(ax) == counts(found["role"].isel(target=0, band=number).to_numpy())
    assert marked(scatter) == counts(found["role"].to_numpy())


def test_marks_are_where_the_sensors_are(roles):
    found = roles(bands=1, n_chans=8)
    found["role"][:] = NEITHER
    found["role"][0, 0, 3] = SUPPRESSOR
    ax = plot_roles(found).axes[1]
    (points,) = [part for part in ax.collections if len(part.get_offsets()) == 8]
    (ring,) = [line for line in ax.lines if line.get_label() == SUPPRESSOR]
    np.testing.assert_allclose(np.ravel(ring.get_data()), points.get_offsets()[3])
    assert not points.get_visible()


@pytest.mark.parametrize("quantity", ["spread", "relevance", "pattern"])
def test_points_are_at_the_surer_area_and_the_quantity(roles, quantity):
    found = roles()
    cells = found.where(found["role"] == SUPPRESSOR, drop=True)[quantity].to_numpy().ravel()
    (marks,) = [line for line in plot_roles(found, quantity).axes[0].lines if line.get_label() == SUPPRESSOR]
    np.testing.assert_allclose(np.sort(marks.get_ydata()), np.sort(cells[np.isfinite(cells)]))
    assert (np.asarray(marks.get_xdata()) >= 0.5).all()


def test_less_power_is_as_informative_as_more(roles):
    found = roles(bands=1, n_chans=8)
    found["role"][:] = USED_AND_INFORMATIVE
    found["evoked_area"][:], found["evoked_area_ci_low"][:], found["evoked_area_ci_high"][:] = 0.5, 0.4, 0.6
    found["power_area"][:], found["power_area_ci_low"][:], found["power_area_ci_high"][:] = 0.2, 0.1, 0.3
    (marks,) = [line for line in plot_roles(found).axes[0].lines if line.get_label() in ROLES]
    np.testing.assert_allclose(marks.get_xdata(), 0.8)


def test_maps_of_what_is_never_negative_have_no_contours_below_zero(roles):
    found = roles(bands=1)
    steep = np.zeros(32)
    steep[5] = 1.0
    found["spread"][0, 0], found["relevance"][0, 0] = steep, steep - 0.5
    for quantity, below_zero in (("spread", False), ("relevance", True)):
        ax = plot_roles(found, quantity).axes[1]
        (contours,) = [part for part in ax.collections if isinstance(part, QuadContourSet)]
        opacity = np.resize(contours.get_edgecolor(), (len(contours.levels), 4))[:, 3]
        assert contours.levels.min() <= 0
        assert (opacity[contours.levels <= 0] > 0).any() == below_zero
        assert (opacity[contours.levels > 0] == 1).all()


def test_that_areas_of_power_are_mirrored_is_said(roles):
    assert "Areas of power below 0.5 are mirrored." in below(plot_roles(roles()))


def test_suppressors_and_redundant_cells_are_named_and_nothing_else(roles):
    found = roles(bands=1, n_chans=8)
    found["role"][:] = USED_AND_INFORMATIVE
    found["role"][0, 0, 2], found["role"][0, 0, 5] = SUPPRESSOR, REDUNDANT
    names = found["channel"].to_numpy()
    figure = plot_roles(found)
    assert named(figure.axes[0]) == [f"{names[2]}, delta", f"{names[5]}, delta"]
    assert "Named: suppressors and redundant cells." in below(figure)


def test_how_many_names_found_no_room_is_said(roles):
    found = roles()
    n_named = int(found["role"].isin((SUPPRESSOR, REDUNDANT)).sum())
    figure = plot_roles(found)
    assert f"({n_named - len(named(figure.axes[0]))} more have no room)" in below(figure)


def test_without_positions_there_are_no_maps(roles):
    figure = plot_roles(roles().drop_vars(["x", "y", "z"]))
    assert figure.axes[0].get_xlabel() == "ROC area of the cell alone"
    assert len(figure.axes) == 2  # and the legend


def test_every_target_has_its_maps_and_its_points(roles):
    figure = plot_roles(roles(4, 6))
    assert [ax.get_xlabel() for ax in figure.axes].count("ROC area of the cell alone") == 4
    assert [ax.get_title() for ax in figure.axes].count("alpha") == 4
    with pytest.raises(ValueError, match=r"at most 4 targets; got 5.*isel\(target=slice\(4\)\)"):
        plot_roles(roles(5))


def test_the_legend_names_what_is_there_only(roles):
    found = roles(bands=1, n_chans=8)
    found["role"][:] = NOT_SHOWN
    found["role"][0, 0, 0] = SUPPRESSOR
    legend = plot_roles(found).axes[-1].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [MARKS[SUPPRESSOR].words, "not shown"]


def test_no_two_roles_look_alike_without_colour():
    shapes = {(mark.shape, mark.face == mark.colour, mark.size_pt > 2) for mark in MARKS.values()}
    assert len(shapes) == len(MARKS) == len(ROLES)


def test_where_nothing_can_be_read_no_role_is_drawn(roles):
    found = roles().assign_attrs(readable="no", not_readable_because="chance")
    for ax in plot_roles(found).axes[:4]:
        assert set(marked(ax)) == {NOT_SHOWN}


def test_bands_without_values_are_left_out(roles):
    found = roles()
    found["spread"][:, 1] = np.nan
    assert [ax.get_title() for ax in plot_roles(found).axes[1:3]] == ["delta", "alpha"]


def test_what_cannot_be_drawn_is_refused(roles):
    for wrong in (roles().drop_vars("spread"), roles().isel(band=0), roles().isel(band=[])):
        with pytest.raises(ValueError, match=r"Pass what `sincviz.evidence.roles` returned"):
            plot_roles(wrong)
    with pytest.raises(
        ValueError, match="`quantity` must be one of 'spread', 'relevance', 'pattern'; got 'power'"
    ):
        plot_roles(roles(), "power")
    with pytest.raises(ValueError, match=r"A role must be one of .*; got 'hero'"):
        plot_roles(roles().assign(role=xr.full_like(roles()["role"], "hero", dtype="U9")))
    with pytest.raises(ValueError, match="No cell has a value"):
        plot_roles(roles().assign(spread=np.nan * roles()["spread"]))
    assert plt.get_fignums() == []
