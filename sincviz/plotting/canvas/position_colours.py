"""Colours that tell where on the head a channel lies, and the small head that explains them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from numpy.typing import NDArray

_LEFT, _MIDLINE, _RIGHT = "#0072B2", "#7A7A7A", "#D55E00"
_FRONT, _BACK = "#FFFFFF", "#000000"
_MOST_LIGHT, _MOST_DARK = 0.5, 0.75
_FULL_COLOUR_AT = 0.45  # of the way from the middle of the head to an ear
_LINE, _LINE_PT = "#444444", 0.5


def position_colours(positions_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a colour for each channel: blue on the left, orange on the right, lighter in front, darker at the back.

    Parameters
    ----------
    positions_m : array, shape (channels, 3)
        x (right), y (front) and z (up) in metres.

    Returns
    -------
    array, shape (channels, 3)
        Red, green and blue from 0 to 1.
    """
    x, y = projected(positions_m).T
    side = np.clip(np.abs(x) / _FULL_COLOUR_AT, 0, 1)[:, None]
    sides = np.where(x[:, None] < 0, to_rgb(_LEFT), to_rgb(_RIGHT))
    colours = (1 - side) * np.array(to_rgb(_MIDLINE)) + side * sides
    depth = np.clip(y, -1, 1)[:, None]
    ends = np.where(depth > 0, to_rgb(_FRONT), to_rgb(_BACK))
    mixed = np.abs(depth) * np.where(depth > 0, _MOST_LIGHT, _MOST_DARK)
    return np.asarray((1 - mixed) * colours + mixed * ends, float)


def projected(positions_m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places in the plane, seen from above: the azimuthal equidistant projection, 1 at the level of the ears.

    Examples
    --------
    >>> projected(np.array([[0, 0, 0.1], [0.1, 0, 0]])).round(3).tolist()
    [[0.0, 0.0], [1.0, 0.0]]
    """
    x, y, z = positions_m.T
    far = np.arctan2(np.hypot(x, y), z) / (np.pi / 2)
    around = np.arctan2(y, x)
    return np.stack([far * np.cos(around), far * np.sin(around)], 1)


def draw_key(ax: Axes, positions_m: NDArray[np.float64], colours: NDArray[np.float64]) -> None:
    """Draw a head with every channel in its colour."""
    places = projected(positions_m)
    angle = np.linspace(0, 2 * np.pi, 100)
    ax.plot(np.cos(angle), np.sin(angle), label="head", color=_LINE, linewidth=_LINE_PT)
    ax.plot([-0.13, 0, 0.13], [0.99, 1.15, 0.99], label="nose", color=_LINE, linewidth=_LINE_PT)
    size_pt = 72 * ax.get_window_extent().width / ax.figure.dpi
    ax.scatter(
        places[:, 0], places[:, 1], s=(size_pt / 11) ** 2, c=colours, linewidths=0, zorder=3, label="channels"
    )
    ax.set(aspect="equal", xlim=(-1.3, 1.3), ylim=(-1.3, 1.3))
    ax.set_axis_off()
