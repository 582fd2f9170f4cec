"""Movements of filters in training, and a test of whether they depend on where the filters started."""

import copy
from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr

from sincviz._utils.checks import checked_seed, positive_int
from sincviz.analysis.filters.membership import band_membership, energy_by_band
from sincviz.eeg.bands import bands_apart
from sincviz.networks.front_ends import front_end as front_end_of
from sincviz.networks.sinc_conv import SincConv
from sincviz.networks.sinc_shallow import SincShallowNet

N_PERMUTATIONS = 5000
_NO_SPREAD = 1e-9  # of shares of energy
_STEP = 256


def exchanged_occupancy(model: SincShallowNet) -> xr.DataArray:
    """Return where every filter would be if it had made the movement of every other filter.

    A movement is what training added to the two parameters of a filter: its lower cut-off and its width. Added to the
    start of another filter, it gives a filter that the layer could have, since the layer keeps any cut-offs between its
    smallest frequency and the Nyquist frequency.

    Parameters
    ----------
    model : SincShallowNet
        A network whose initial cut-offs are known.

    Returns
    -------
    xarray.DataArray, dims (filter, movement, band)
        Share of the energy of filter ``filter`` in each band, delta to gamma and ``"other"``, if it had moved as
        filter ``movement`` did; computed from the kernel, as :func:`sincviz.filters.band_occupancy` does. The diagonal
        is what training made. NaN if the initial cut-offs are unknown.

    Raises
    ------
    TypeError
        If the network is of another kind.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128, num_time_filters=4)
    >>> shares = exchanged_occupancy(model)  # no filter has moved: no matter which movement is taken
    >>> shares.sizes["movement"], float((shares - shares.isel(movement=0)).max())
    (4, 0.0)
    """
    if not isinstance(model, SincShallowNet):
        raise TypeError(f"`model` must be a SincShallowNet; got {type(model).__name__}.")
    front_end = front_end_of(model)
    now = band_membership(front_end, by="measured_energy")
    kept = {name: now.coords[name] for name in now.coords if now.coords[name].dims == ("band",)}
    n_filters = now.sizes["filter"]
    own = np.arange(n_filters)
    shares = np.full((n_filters, n_filters, now.sizes["band"]), np.nan)
    if front_end.initial_cutoffs is not None:
        start = front_end.initial_cutoffs.detach().double().cpu()
        layer = copy.deepcopy(model.sinc_filter_layer).double()
        assert isinstance(layer, SincConv)
        low_hz, width_hz = start[:, 0] - layer.min_freq, start[:, 1] - start[:, 0]
        moved_hz = layer.low_freqs.detach().abs().cpu()[0] - low_hz
        widened_hz = layer.bandwidths.detach().abs().cpu()[0] - width_hz
        kernels = np.zeros((n_filters, n_filters, layer.time_filter_len))
        for turn in range(n_filters):
            # Every filter takes the movement of the one that is so many numbers further.
            with torch.no_grad():
                layer.low_freqs.copy_((low_hz + moved_hz.roll(-turn))[None])
                layer.bandwidths.copy_((width_hz + widened_hz.roll(-turn))[None])
                kernels[own, (own + turn) % n_filters] = layer.kernels().cpu().numpy()
        of_all = energy_by_band(kernels.reshape(n_filters**2, -1), bands_apart(None), sfreq=layer.sfreq)
        shares = of_all.T.reshape(shares.shape)
    return xr.DataArray(
        shares,
        {"filter": own, "movement": own} | kept,
        ("filter", "movement", "band"),
        "exchanged_occupancy",
        {"units": "1"},
    )


def movement_test(
    exchanged: xr.DataArray,
    subject: Sequence[str],
    *,
    together: Sequence[str] | None = None,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
) -> xr.Dataset:
    """Test whether training moved filters between bands otherwise than the same movements in another order would.

    Filters that move at random leave crowded bands for empty ones, so a change of the energy in a band does not show
    that training sought or left it. Here the movements stay what they are, but within each network they are assigned to
    its filters at random. The statistic of a band is the share of energy in it after training, averaged over the
    networks of a subject and then over subjects, in standard deviations from its mean over all assignments. The largest
    absolute value of all bands is compared with those of random assignments [1]_.

    Parameters
    ----------
    exchanged : xarray.DataArray, dims (run, filter, movement, band)
        What :func:`exchanged_occupancy` returned for each network. Filters that a network lacks are NaN.
    subject : sequence of str
        The subject of each run.
    together : sequence of str, or None
        A label of each run, such as the seed of its training: runs of one label, if they have as many filters, are
        assigned movements in the same order. ``None`` takes all runs as independent.
    n_permutations : int
        Number of random assignments.
    seed : int
        Seed of these.

    Returns
    -------
    xarray.Dataset, dims (band)
        ``beyond``, the share in the band minus its mean over all assignments, mean over subjects; ``z``, the same in
        standard deviations over assignments; ``p``, two-sided and corrected for the number of bands. ``z`` and ``p``
        are NaN where all assignments give the same, as if no filter moved. ``attrs["n_subjects"]`` counts the subjects.

    Raises
    ------
    ValueError
        If there are fewer than two subjects with finite values.

    Notes
    -----
    The null hypothesis is that the movements of a network are exchangeable: how a filter moves has nothing to do with
    where it started. Networks that start from the same random weights move alike for that reason alone, so they must be
    labelled as ``together``; those that share trials are not independent either.

    References
    ----------
    .. [1] Nichols, T. E., and Holmes, A. P. (2002). Nonparametric permutation tests for functional neuroimaging.
       Human Brain Mapping, 15, 1-25.

    Examples
    --------
    Three of four filters stay where they are; the one outside the band moves in, in every network:

    >>> shares = np.repeat([[1.0], [1.0], [1.0], [0.0]], 4, axis=1)  # whichever movement, but the last
    >>> shares[3, 3] = 1.0
    >>> runs = xr.DataArray(np.stack([shares] * 6)[..., None], dims=("run", "filter", "movement", "band"))
    >>> test = movement_test(runs, list("abcdef"))
    >>> test.beyond.values.round(3).tolist(), bool((test.p < 0.05).all())
    ([0.188], True)
    """
    positive_int("n_permutations", n_permutations)
    seed = checked_seed(seed)
    alike = [str(number) for number in range(len(subject))] if together is None else list(map(str, together))
    values = exchanged.transpose("run", "filter", "movement", "band").to_numpy().astype(float)
    known = [
        (shares[np.isfinite(shares).any((1, 2))][:, np.isfinite(shares).any((0, 2))], name, label)
        for shares, name, label in zip(values, subject, alike, strict=True)
        if np.isfinite(shares).any()
    ]
    names = list(dict.fromkeys(name for _, name, _ in known))
    labels = list(dict.fromkeys(label for *_, label in known))
    if len(names) < 2:
        raise ValueError(f"A test over subjects needs two or more subjects with values; got {len(names)}.")
    observed = np.zeros((1, len(names), values.shape[-1]))
    drawn = np.zeros((n_permutations, len(names), values.shape[-1]))
    for shares, name, label in known:
        place = names.index(name)
        n_networks = sum(other == name for _, other, _ in known)
        expected = shares.mean((0, 1))
        own = np.arange(len(shares))
        observed[0, place] += (shares[own, own].mean(0) - expected) / n_networks
        # A generator of its own for each label draws the same orders again.
        generator = np.random.default_rng([seed, labels.index(label), len(shares)])
        for first in range(0, n_permutations, _STEP):
            n_drawn = min(_STEP, n_permutations - first)
            orders = generator.permuted(np.tile(own, (n_drawn, 1)), axis=1)
            drawn[first : first + n_drawn, place] += (shares[own, orders].mean(1) - expected) / n_networks
    mean, of_null = observed[0].mean(0), drawn.mean(1)
    spread = of_null.std(0)
    moved = spread > _NO_SPREAD
    z = np.where(moved, mean / np.where(moved, spread, 1.0), np.nan)
    largest = np.abs(of_null[:, moved] / spread[moved]).max(1, initial=0.0)
    exceeded = (largest[:, None] >= np.abs(z) - _NO_SPREAD).sum(0)
    p = np.where(moved, (1 + exceeded) / (1 + n_permutations), np.nan)
    coords = {name: coord for name, coord in exchanged.coords.items() if coord.dims == ("band",)}
    return xr.Dataset(
        {"beyond": ("band", mean), "z": ("band", z), "p": ("band", p)},
        coords,
        {"n_subjects": len(names), "n_permutations": n_permutations, "seed": seed},
    )
