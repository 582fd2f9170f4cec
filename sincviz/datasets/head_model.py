"""Spherical head model: electrode positions and the potentials of dipoles."""

from collections.abc import Sequence

import mne
import numpy as np
from numpy.typing import NDArray

from sincviz.eeg.montages import standard_montage

FloatArray = NDArray[np.float64]


def head_info(ch_names: Sequence[str], sfreq: float) -> mne.Info:
    """Return an EEG ``mne.Info`` whose electrodes have their 10-05 positions.

    Parameters
    ----------
    ch_names : sequence of str
        10-05 names.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    info : mne.Info
        With positions in head coordinates.
    """
    info = mne.create_info(list(ch_names), sfreq, "eeg")
    return info.set_montage(standard_montage())


def electrode_positions(info: mne.Info) -> FloatArray:
    """Return the electrodes' head coordinates in metres, shape ``(channels, 3)``."""
    return np.array([ch["loc"][:3] for ch in info["chs"]], dtype=np.float64)


def fit_sphere(points: FloatArray) -> tuple[FloatArray, float]:
    """Return the centre and radius of the sphere that best fits the points, by linear least squares.

    A point `p` on a sphere satisfies ``|p|² = 2 c·p + (r² − |c|²)``, which is linear in the centre `c` and in
    the bracket.

    Parameters
    ----------
    points : ndarray, shape (points, 3)
        At least four points that do not lie in one plane.

    Returns
    -------
    center : ndarray, shape (3,)
        In the unit of the points.
    radius : float
        In the unit of the points.

    Examples
    --------
    >>> import numpy as np
    >>> center, radius = fit_sphere(np.array([[3.0, 1, 1], [-1, 1, 1], [1, 3, 1], [1, 1, 3]]))
    >>> center.round(6).tolist(), round(radius, 6)
    ([1.0, 1.0, 1.0], 2.0)
    """
    design = np.hstack([2 * points, np.ones((len(points), 1))])
    solution = np.linalg.lstsq(design, np.square(points).sum(axis=1), rcond=None)[0]
    center = solution[:3]
    return center, float(np.sqrt(solution[3] + center @ center))


def lead_field(
    positions: FloatArray,
    orientations: FloatArray,
    info: mne.Info,
    center: FloatArray,
    radius: float,
    *,
    shells: Sequence[tuple[float, float]] | None = None,
) -> FloatArray:
    """Return the potential of dipoles of 1 A·m at every electrode of a spherical head.

    Electrodes are moved onto the outer shell. No reference is subtracted.

    Parameters
    ----------
    positions : ndarray, shape (dipoles, 3)
        Head coordinates in metres, inside the innermost shell (by default 0.9 of the radius).
    orientations : ndarray, shape (dipoles, 3)
        Unit vectors.
    info : mne.Info
        Electrodes with positions.
    center : ndarray, shape (3,)
        Centre of the head in metres.
    radius : float
        Radius of the head in metres.
    shells : sequence of (float, float), optional
        Outer radius of each shell over that of the head, and its conductivity in S/m, from the inside out. By default
        the head has four (brain, fluid, skull, skin) with MNE's default radii and conductivities.

    Returns
    -------
    gain : ndarray, shape (channels, dipoles)
        In volts per ampere metre.
    """
    if shells is None:
        sphere = mne.make_sphere_model(center, radius, verbose="error")
    else:
        radii, conductivities = zip(*shells, strict=True)
        sphere = mne.make_sphere_model(
            center, radius, relative_radii=radii, sigmas=conductivities, verbose="error"
        )
    n_dipoles = len(positions)
    # MNE reads one dipole per time point; amplitude and goodness of fit do not enter the forward solution.
    times, ones = np.arange(n_dipoles) / 1000, np.ones(n_dipoles)
    dipoles = mne.Dipole(times, positions, ones, orientations, ones)
    forward, _ = mne.make_forward_dipole(dipoles, sphere, info, verbose="error")
    return np.asarray(forward["sol"]["data"], dtype=np.float64)
