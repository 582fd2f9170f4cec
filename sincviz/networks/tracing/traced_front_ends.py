"""Front ends of networks that declare none: found by tracing, probed with impulses, verified on noise."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from sincviz.errors import FrontEndError
from sincviz.networks.black_boxes import BlackBox
from sincviz.networks.tracing.affine_cut import AffineCut
from sincviz.networks.tracing.halves import Front, check_halves, cut_in_double_precision, front_of, tail_of
from sincviz.networks.tracing.operations import NotTraceableError, arguments_at
from sincviz.networks.tracing.probing import ProbedTensor, probed
from sincviz.networks.tracing.products import best_products
from sincviz.networks.units import FrontEnd, RecordedStatistics

_MOST_VALUES = 3e8
"""Numbers in the kernels of a network that are still held in memory."""

_MOST_UNITS = 4096


def traced_front_end(network: BlackBox) -> FrontEnd:
    """Return the front end of any network whose first operations are a convolution in time.

    Every operation is watched to find the first ones that are not affine in the input. What enters them is probed with
    impulses, which gives the kernel of every unit, and the kernels are verified on noise. What follows is the network
    itself from there on.

    Parameters
    ----------
    network : BlackBox
        With ``n_chans``, ``n_times`` and ``sfreq``.

    Returns
    -------
    FrontEnd
        Units of rank one are sorted into temporal filters with spatial ones, if all have equally many.

    Raises
    ------
    FrontEndError
        If there are no such operations, or the network's sizes or sampling rate are not known.

    Examples
    --------
    >>> from sincviz.networks.attributes import known_attributes
    >>> from sincviz.networks.black_boxes import black_box
    >>> from torch import nn
    >>> module = nn.Sequential(nn.Conv1d(3, 4, 9), nn.ELU(), nn.Flatten(), nn.Linear(4 * 92, 2))
    >>> module.n_chans, module.n_times, module.sfreq = 3, 100, 100.0
    >>> front_end = traced_front_end(black_box(module, known_attributes(module)))
    >>> front_end.unit_kernels.shape, bool(torch.equal(front_end.unit_kernels[2, 0], module[0].weight[2]))
    (torch.Size([4, 1, 3, 9]), True)
    """
    unknown = [name for name in ("n_chans", "n_times", "sfreq") if getattr(network, name) is None]
    if unknown:
        what = " and ".join(_WORDS[name] for name in unknown)
        raise FrontEndError(
            f"sincviz does not know the front end of {network.kind}, and cannot look for it without its {what}. Pass "
            f"epochs too, or set {', '.join(f'`model.{name} = {_EXAMPLES[name]}`' for name in unknown)}.",
            f"its {what} {'are' if len(unknown) > 1 else 'is'} not known",
        )
    known = _known(network)
    if isinstance(known, FrontEnd):
        return known
    raise FrontEndError(
        f"sincviz does not know the front end of {network.kind}: {known}. What needs only inputs and scores works: "
        "`sincviz.spectral_relevance(model, epochs)`, `sincviz.ablate(model, epochs)` and "
        "`sincviz.deletion_curve(model, epochs)`. Your own network with a temporal and a spatial convolution can "
        "be registered with `@sincviz.networks.front_end.register`.",
        known,
    )


_WORDS = {"n_chans": "number of channels", "n_times": "number of samples", "sfreq": "sampling rate"}
_EXAMPLES = {"n_chans": 22, "n_times": 1000, "sfreq": 250.0}


_KNOWN: dict[tuple[str, str, int | None, int | None], FrontEnd | str] = {}
"""The last networks that were traced, or why they cannot be: every analysis of a network asks anew."""

_MOST_KNOWN = 4


def _known(network: BlackBox) -> FrontEnd | str:
    """Return the front end of a network, or why it has none, traced at most once."""
    key = (network.weights_sha256, repr(network.module), network.n_chans, network.n_times)
    known = _KNOWN.pop(key, None)
    if isinstance(known, FrontEnd):
        try:
            _check(known, network)
        except NotTraceableError:  # a network of the same weights that computes something else
            known = None
    if known is None:
        try:
            known = _traced(network)
            _check(known, network)
        except NotTraceableError as error:
            known = str(error)
    while len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.pop(next(iter(_KNOWN)))
    _KNOWN[key] = known
    if isinstance(known, str):
        return known
    return replace(
        known,
        **{name: getattr(network, name) for name in _METADATA},
    )


_METADATA = ("sfreq", "ch_names", "chs_info", "units_per_volt", "class_names", "provenance", "module", "kind")


def _check(front_end: FrontEnd, network: BlackBox) -> None:
    check_halves(network.module, front_end.scores, front_end.n_chans, front_end.n_times or 0)


def _traced(network: BlackBox) -> FrontEnd:
    n_chans, n_times, sfreq = network.n_chans, network.n_times, network.sfreq
    assert n_chans is not None  # checked by the caller
    assert n_times is not None
    assert sfreq is not None
    module, cut, dtype = cut_in_double_precision(network.module, n_chans, n_times)
    places = [cut.places[members[0]] for members in cut.tensors]
    tensors = [probed(module, cut, place, n_chans, n_times, dtype) for place in places]
    kernels, before, stride = _one_bank(tensors)
    if kernels.shape[2] == 1 and int((kernels[..., 0] != 0).sum(1).max()) <= 1:
        raise NotTraceableError(
            f"its first non-linearity ({', '.join(cut.first_nonlinear)}) takes the channels as they are, unfiltered"
        )
    bias = torch.cat([tensor.bias[:, tensor.n_out // 2] for tensor in tensors])
    products = best_products(kernels)
    n_out = max(tensor.n_out for tensor in tensors)
    exact = all(tensor.edges == (0, 0) and _is_constant(tensor.bias) for tensor in tensors)
    order = products.units.flatten()

    of_tail = tail_of(network.module, cut, n_chans, n_times)
    sizes = [len(tensor.kernels) for tensor in tensors]
    positions = torch.argsort(order)

    def tail(maps: Tensor) -> Tensor:
        units = maps.flatten(1, 2)[:, positions.to(maps.device)]
        parts = zip(tensors, torch.split(units, sizes, 1), strict=True)
        scores: Tensor = of_tail([tensor.of_units(part[..., : tensor.n_out]) for tensor, part in parts])
        return scores

    like = next(network.module.parameters(), torch.zeros(0, dtype=network.dtype))
    shape = products.units.shape
    scale = torch.ones(shape)
    front_end = FrontEnd(
        kernels=products.temporal.to(like),
        cutoffs=None,
        initial_cutoffs=None,
        spatial=products.spatial.to(like),
        scale=scale.to(like),
        bias=bias[products.units].to(like),
        padding=(before, stride * (n_out - 1) - before + kernels.shape[2] - n_times),
        tail=tail,
        sfreq=sfreq,
        ch_names=network.ch_names,
        chs_info=network.chs_info,
        weights_sha256=network.weights_sha256,
        n_times=n_times,
        units_per_volt=network.units_per_volt,
        class_names=network.class_names,
        numeric=network.numeric,
        provenance=network.provenance,
        module=network.module,
        recorded=_recorded(module, cut, tensors, products.units, n_chans, n_times, dtype),
        unit_kernels=None if products.separable else kernels[products.units].to(like),
        stride=stride,
        front=None if exact else _exact_front(front_of(network.module, cut), tensors, order, n_out, shape),
        traced={
            "first_nonlinear": list(cut.first_nonlinear),
            "kernel_error": max(tensor.error for tensor in tensors),
            "edges": tuple(max(tensor.edges[side] for tensor in tensors) for side in (0, 1)),
        },
    )
    return front_end


def _one_bank(tensors: list[ProbedTensor]) -> tuple[Tensor, int, int]:
    """Return the kernels of all tensors on common taps, shape (units, channels, taps), their start and stride."""
    if len({tensor.stride for tensor in tensors}) > 1:
        strides = sorted({tensor.stride for tensor in tensors})
        raise NotTraceableError(
            f"its branches keep different samples (every {' and every '.join(map(str, strides))}), so they make no "
            "common bank of filters"
        )
    before = max(tensor.before for tensor in tensors)
    n_taps = before + max(tensor.kernels.shape[2] - tensor.before for tensor in tensors)
    n_units, n_chans = sum(len(tensor.kernels) for tensor in tensors), tensors[0].kernels.shape[1]
    if n_units > _MOST_UNITS:
        raise NotTraceableError(f"its {n_units} units are too many to be read one by one")
    if n_units * n_chans * n_taps > _MOST_VALUES:
        raise NotTraceableError(
            f"its {n_units} units of {n_chans} channels × {n_taps} taps do not fit into memory"
        )
    kernels = tensors[0].kernels.new_zeros(n_units, n_chans, n_taps)
    start = 0
    for tensor in tensors:
        first = before - tensor.before
        kernels[start : start + len(tensor.kernels), :, first : first + tensor.kernels.shape[2]] = (
            tensor.kernels
        )
        start += len(tensor.kernels)
    return kernels, before, tensors[0].stride


def _recorded(
    module: nn.Module,
    cut: AffineCut,
    tensors: list[ProbedTensor],
    units: Tensor,
    n_chans: int,
    n_times: int,
    dtype: torch.dtype,
) -> RecordedStatistics | None:
    """Return the statistics that batch normalisations right before the first non-linearity recorded."""
    means, deviations, momenta = [], [], []
    for tensor, number in zip(tensors, cut.normalisations, strict=True):
        silence = torch.zeros(1, n_chans, n_times, dtype=dtype)
        arguments = None if number is None else arguments_at(module, silence, number)
        if arguments is None or arguments["running_var"] is None or arguments["weight"] is None:
            return None
        variance, weight = arguments["running_var"].double(), arguments["weight"].double()
        if (variance == 1).all() and (arguments["running_mean"] == 0).all():  # as before any training
            return None
        std = weight.abs() * (variance / (variance + arguments["eps"])).sqrt()
        # Features are the second dimension, which comes first among those of units.
        per_feature = len(tensor.kernels) // len(std)
        means.append(arguments["bias"].double().repeat_interleave(per_feature))
        deviations.append(std.repeat_interleave(per_feature))
        momenta.append(arguments["momentum"])
    return RecordedStatistics(None, torch.cat(means)[units], torch.cat(deviations)[units], momenta[0])


def _is_constant(bias: Tensor) -> bool:
    middle = bias[:, bias.shape[1] // 2 : bias.shape[1] // 2 + 1]
    return bool((bias - middle).abs().max() <= 1e-9 * bias.abs().max().clamp(min=1))


def _exact_front(
    front_of_network: Front, tensors: list[ProbedTensor], order: Tensor, n_out: int, shape: torch.Size
) -> Callable[[Tensor], Tensor]:
    """Return the network itself up to the cut, as maps of units."""

    def front(x: Tensor) -> Tensor:
        values = zip(tensors, front_of_network(x), strict=True)
        units = [tensor.to_units(value, len(x)) for tensor, value in values]
        padded = [torch.nn.functional.pad(unit, (0, n_out - unit.shape[2])) for unit in units]
        return torch.cat(padded, 1)[:, order.to(x.device)].reshape(len(x), *shape, n_out)

    return front
