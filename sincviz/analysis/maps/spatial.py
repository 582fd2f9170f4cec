"""Spatial filters (what a network weights) and spatial patterns (what its units see)."""

import numpy as np
import torch
import xarray as xr
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from sincviz._utils.progress import shows_progress
from sincviz.analysis.filters.bands import learned_bands
from sincviz.analysis.filters.transfer_function import amplitude_response, impulse_responses
from sincviz.analysis.labels import map_coords, origin
from sincviz.analysis.maps.kernel_patterns import kernel_patterns
from sincviz.networks.fast.spatial_maps import spatial_maps
from sincviz.networks.fast.trial_blocks import trial_blocks
from sincviz.networks.front_ends import FrontEnd
from sincviz.networks.front_ends import front_end as front_end_of
from sincviz.opening.inputs import front_end_inputs
from sincviz.trials.epochs import EpochsOrArray, input_batches, is_epochs

DIMS = ("filter", "depth", "channel")
_N_FREQS = 2049
SIGN = "as the weights stand; the sign of an oscillation's map is arbitrary"


def spatial_filters(model: object) -> xr.DataArray:
    """Return the weights of each spatial filter, as they are in the network.

    Weights show how channels are combined, not where a source lies: a channel may have a large weight only
    because it cancels noise [1]_. For the location of sources, see :func:`spatial_patterns`.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.

    Returns
    -------
    xarray.DataArray, dims (filter, depth, channel)
        Weights of the (normalised) filtered channels, without unit. Bands, and positions in metres, are coordinates.

    Raises
    ------
    TypeError
        If the network is unknown.

    References
    ----------
    .. [1] Haufe, S., et al. (2014). On the interpretation of weight vectors of linear models in multivariate
       neuroimaging. NeuroImage, 87, 96-110.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> spatial_filters(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)).sizes["channel"]
    3
    """
    front_end = front_end_of(model)
    return _labelled("spatial_filter", front_end.spatial, front_end, {"units": "1", "sign": SIGN})


@shows_progress
def spatial_patterns(model: object, epochs: EpochsOrArray, *, progress: bool = True) -> xr.DataArray:
    r"""Return what each unit sees: the scalp map of the activity that drives it.

    The pattern of unit :math:`(f, d)` is :math:`a = C_f w / \sqrt{w^\top C_f w}`, with its weights :math:`w` and
    the covariance :math:`C_f` of the signals as filter :math:`f` lets them through, in the network's own padding,
    means over trials and times removed [1]_ [2]_. If the unit isolates a source, the pattern is the source's
    map up to its sign; anything else that the unit lets through is in the pattern too.

    Units that are no such products (``FrontEnd.unit_kernels``) see other places at other frequencies. For them one
    temporal and one spatial filter are fitted to the unit's output on the trials, with the cross-spectrum of these as
    weight, and the pattern is the covariance of the whole output with the channels as that temporal filter lets them
    through, over the standard deviation of the output. For a product both are the same.

    No covariance is computed: trials are mixed with :math:`w`, filtered, filtered back through the kernel and
    multiplied with the input, in batches, so memory does not grow with the number of trials.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network of which :func:`sincviz.networks.front_end` knows or finds the filters.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Trials. Epochs on disk are read batch by batch.
    progress : bool
        Show a bar where it takes more than two seconds.

    Returns
    -------
    xarray.DataArray, dims (filter, depth, channel)
        Microvolts of the filtered signal (for an array: its units) per standard deviation of the unit. Kernels
        amplify: divided by its coordinate ``peak_gain``, the largest gain of each filter, a pattern is in microvolts
        of the signal in the band. The sign is that of the weights. A unit without output has no pattern
        (NaN). The coordinate ``explained`` is the share of the unit's variance on the trials that one temporal and one
        spatial filter explain: 1 for products; where it is small, a single map does not show what the unit sees.

    Raises
    ------
    TypeError
        If the network is unknown.
    EpochsError
        If the epochs do not fit the network.

    References
    ----------
    .. [1] Haufe, S., et al. (2014). On the interpretation of weight vectors of linear models in multivariate
       neuroimaging. NeuroImage, 87, 96-110.
    .. [2] Petrosyan, A., et al. (2021). Decoding and interpreting cortical signals with a compact convolutional
       neural network. Journal of Neural Engineering, 18, 026019.

    Examples
    --------
    >>> import numpy as np
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> patterns = spatial_patterns(model, np.random.default_rng(0).standard_normal((10, 3, 256)))
    >>> patterns.dims
    ('filter', 'depth', 'channel')
    """
    front_end, epochs, _ = front_end_inputs(model, epochs, classes=False)
    explained = torch.ones_like(front_end.scale)
    if front_end.unit_kernels is not None:
        n_trials, covariance, variance, explained = kernel_patterns(front_end, epochs)
    else:
        # Also if the caller has switched gradients off.
        with torch.inference_mode(False), torch.enable_grad():
            n_trials, covariance = _covariance_with_units(front_end, epochs)
        variance = (front_end.spatial.cpu().double() * covariance).sum(2, keepdim=True)
    patterns = covariance / torch.where(variance > 0, variance, torch.nan).sqrt()
    attrs: dict[str, str | int] = {
        "units": "input units, filtered, per standard deviation of the unit",
        "sign": SIGN,
        "n_trials": n_trials,
        "method": "Haufe (2014) with the covariance that each temporal filter lets through",
    }
    if is_epochs(epochs) and front_end.units_per_volt is not None:
        patterns = patterns * (1e6 / front_end.units_per_volt)
        attrs["units"] = "µV, filtered, per standard deviation of the unit"
    gain = np.ones(len(front_end.kernels))
    if front_end.unit_kernels is None:
        _, amplitude = amplitude_response(
            impulse_responses(front_end), sfreq=front_end.sfreq, n_freqs=_N_FREQS
        )
        gain = amplitude.max(1)
    return _labelled("spatial_pattern", patterns, front_end, attrs).assign_coords(
        peak_gain=("filter", gain), explained=(("filter", "depth"), explained.cpu().double().numpy())
    )


def relative_maps(maps: xr.DataArray) -> xr.DataArray:
    """Return maps divided by their largest absolute value, to compare shapes.

    Parameters
    ----------
    maps : xarray.DataArray, dims (..., channel)
        Such as :func:`spatial_patterns` returns.

    Returns
    -------
    xarray.DataArray
        From −1 to 1; a map of zeros has no shape (NaN).

    Examples
    --------
    >>> maps = xr.DataArray([[1.0, -4.0]], dims=("unit", "channel"), name="weights")
    >>> relative_maps(maps).values.tolist()
    [[0.25, -1.0]]
    """
    largest = abs(maps).max("channel")
    relative = maps / largest.where(largest > 0)
    return relative.rename(maps.name).assign_attrs(
        maps.attrs | {"units": "relative to each map's largest value"}
    )


def _covariance_with_units(front_end: FrontEnd, epochs: EpochsOrArray) -> tuple[int, Tensor]:
    """Return the number of trials and the covariance of filtered channels with units, in double precision."""
    weights = front_end.spatial.flatten(0, 1).clone().requires_grad_()
    depth = front_end.spatial.shape[1]
    taps = front_end.kernels.repeat_interleave(depth, 0)
    no_bias = taps.new_zeros(len(taps))
    n_trials = 0
    products = torch.zeros(weights.shape, dtype=torch.float64)
    for batch in input_batches(front_end, epochs):
        x = torch.from_numpy(batch).to(weights.device)
        if n_trials == 0:
            # A constant is put back in closed form: its square would take the digits of the signal.
            offset = x.mean((0, 2))
            summed = torch.zeros(x[0].shape, dtype=torch.float64)
        n_trials += len(x)
        for block in trial_blocks(x, len(weights) * x.shape[2]):
            centred = block - offset[:, None]
            summed += centred.sum(0).cpu()
            padded, both_sides = front_end.padded(centred)
            maps = spatial_maps(padded, weights, taps, no_bias, both_sides)
            # Mix, filter, filter back, multiply with the input: that is the gradient of the maps' energy.
            (gradient,) = torch.autograd.grad(maps.square().sum() / 2, weights)
            products += gradient.cpu()

    n_times = maps.shape[3]
    kernels, spatial, shift = (part.cpu().double() for part in (front_end.kernels, front_end.spatial, offset))
    mean_trial = _filtered(summed / n_trials, kernels, front_end)
    constant = _filtered(torch.ones_like(summed[:1]), kernels, front_end)
    means = mean_trial.mean(2)
    edge = constant - constant.mean(2, keepdim=True)
    # (filters, channels): how the filtered mean trial goes with the edges that padding makes of a constant
    with_edge = (mean_trial * edge).mean(2)
    edge_variance = edge.square().mean(2)

    def of_units(values: Tensor) -> Tensor:
        return (spatial * values[:, None]).sum(2, keepdim=True)

    covariance = products.reshape(spatial.shape) / (n_trials * n_times) - of_units(means) * means[:, None]
    covariance += of_units(shift.expand_as(means)) * (with_edge + shift * edge_variance)[:, None]
    covariance += of_units(with_edge) * shift
    return n_trials, covariance


def _filtered(signals: Tensor, kernels: Tensor, front_end: FrontEnd) -> Tensor:
    """Return signals (channels, times) through every filter, shape (filters, channels, times)."""
    windows = F.pad(signals, front_end.pad).unfold(1, kernels.shape[1], 1)
    return (windows @ kernels.T).movedim(2, 0)


def _labelled(name: str, values: Tensor, front_end: FrontEnd, attrs: dict[str, str | int]) -> xr.DataArray:
    return xr.DataArray(
        values.detach().cpu().numpy(),
        dims=DIMS,
        coords=map_coords(front_end, learned_bands(front_end)),
        name=name,
        attrs=origin(front_end) | attrs,
    )
