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


_KNOWN: dict[tuple[int, int | None, int | None], tuple[nn.Module, FrontEnd | str]] = {}
"""The last networks that were traced, or why they cannot be: every analysis of an opened network asks anew.

Copies of a network are its own: a module that is held here is the one that was traced.
"""

_MOST_KNOWN = 4


def _known(network: BlackBox) -> FrontEnd | str:
    """Return the front end of a network, or why it has none, traced once."""
    key = (id(network.module), network.n_chans, network.n_times)
    _, known = _KNOWN.pop(key, (None, None))
    if known is None:
        try:
            # A network may draw random numbers, of which the caller's are not to be taken.
            with torch.random.fork_rng(devices=[]), torch.inference_mode(False):
                known = _traced(network)
                check_halves(network.module, known.scores, known.n_chans, known.n_times or 0)
        except NotTraceableError as error:
            known = str(error)
    while len(_KNOWN) >= _MOST_KNOWN:
        _KNOWN.pop(next(iter(_KNOWN)))
    _KNOWN[key] = network.module, known
    if isinstance(known, str):
        return known
    return replace(known, **{name: getattr(network, name) for name in _METADATA})


_METADATA = (
    *("sfreq", "ch_names", "chs_info", "units_per_volt", "class_names"),
    *("provenance", "module", "kind", "numeric", "preparation"),
)


def _traced(network: BlackBox) -> FrontEnd:
    n_chans, n_times, sfreq = network.n_chans, network.n_times, network.sfreq
    assert n_chans is not None  # checked by the caller
    assert n_times is not None
    assert sfreq is not None
    if not all(torch.isfinite(value).all() for value in network.module.state_dict().values()):
        raise NotTraceableError("some of its weights are not finite")
    module, cut, dtype = cut_in_double_precision(network.module, n_chans, n_times)
    places = [cut.places[members[0]] for members in cut.tensors]
    every = [probed(module, cut, place, n_chans, n_times, dtype) for place in places]
    tensors, copies = _without_copies(every)
    kernels, before, stride = _one_bank(tensors)
    if kernels.shape[2] > n_times:
        raise NotTraceableError("what enters its first non-linearity depends on all of the trial at once")
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
        units = torch.split(maps.flatten(1, 2)[:, positions.to(maps.device)], sizes, 1)
        entering = [
            tensor.of_units(units[number][:, order.to(maps.device), : tensor.n_out])
            for tensor, (number, order) in zip(every, copies, strict=True)
        ]
        scores: Tensor = of_tail(entering)
        return scores

    like = next(network.module.parameters(), torch.zeros(0, dtype=network.dtype))
    shape = products.units.shape
    scale = torch.ones(shape)
    return FrontEnd(
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
        recorded=_recorded(module, cut, every, copies, products.units, n_chans, n_times, dtype),
        unit_kernels=None if products.separable else kernels[products.units].to(like),
        stride=stride,
        front=None
        if exact
        else _exact_front(front_of(network.module, cut), every, copies, order, n_out, shape),
        traced={
            "first_nonlinear": list(cut.first_nonlinear),
            "kernel_error": max(tensor.error for tensor in tensors),
            "edges": tuple(max(tensor.edges[side] for tensor in tensors) for side in (0, 1)),
        },
    )


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


def _without_copies(every: list[ProbedTensor]) -> tuple[list[ProbedTensor], list[tuple[int, Tensor]]]:
    """Return the tensors that differ, and for each of all tensors which it is and which of its units are its own.

    A matrix and its transpose, as in covariances, enter an operation as two tensors of the same units.
    """
    different: list[ProbedTensor] = []
    copies: list[tuple[int, Tensor]] = []
    for tensor in every:
        for number, other in enumerate(different):
            order = _same_units(tensor, other)
            if order is not None:
                copies.append((number, order))
                break
        else:
            copies.append((len(different), torch.arange(len(tensor.kernels))))
            different.append(tensor)
    return different, copies


def _same_units(tensor: ProbedTensor, other: ProbedTensor) -> Tensor | None:
    """Return which unit of the other tensor each unit is, if all are there once."""
    alike = (tensor.before, tensor.stride, tensor.bias.shape) == (
        other.before,
        other.stride,
        other.bias.shape,
    )
    if not alike or tensor.kernels.shape != other.kernels.shape:
        return None
    generator = torch.Generator().manual_seed(2)
    weights = torch.randn(tensor.kernels[0].numel(), generator=generator, dtype=torch.float64)
    sorted_own, sorted_other = (
        torch.argsort(one.kernels.flatten(1) @ weights + one.bias.double().mean(1)) for one in (tensor, other)
    )
    order = torch.empty_like(sorted_own)
    order[sorted_own] = sorted_other
    close = torch.allclose(other.kernels[order], tensor.kernels, rtol=1e-9, atol=1e-12)
    return order if close and torch.allclose(other.bias[order], tensor.bias, rtol=1e-6, atol=1e-9) else None


def _recorded(
    module: nn.Module,
    cut: AffineCut,
    every: list[ProbedTensor],
    copies: list[tuple[int, Tensor]],
    units: Tensor,
    n_chans: int,
    n_times: int,
    dtype: torch.dtype,
) -> RecordedStatistics | None:
    """Return the statistics that batch normalisations right before the first non-linearity recorded."""
    means, deviations, momenta = [], [], []
    silence = torch.zeros(1, n_chans, n_times, dtype=dtype)
    seen: set[int] = set()
    for tensor, number, (which, _) in zip(every, cut.normalisations, copies, strict=True):
        if which in seen:
            continue
        seen.add(which)
        arguments = None if number is None else arguments_at(module, silence, number)
        if arguments is None or arguments["running_var"] is None or arguments["weight"] is None:
            return None
        variance, weight = arguments["running_var"].double(), arguments["weight"].double()
        if (variance == 1).all() and (arguments["running_mean"] == 0).all():  # as before any training
            return None
        if len(tensor.shape) < 2 or tensor.shape[1] != len(variance) or tensor.axis == 1:
            return None
        # Features are the second dimension; where channels are in the batch they are not the first of the units.
        others = [size for at, size in enumerate(tensor.shape) if at != tensor.axis]
        of_units = (
            torch.arange(len(variance)).reshape(1, -1, *[1] * (len(others) - 2)).expand(others).flatten()
        )
        std = weight.abs() * (variance / (variance + arguments["eps"])).sqrt()
        means.append(arguments["bias"].double()[of_units])
        deviations.append(std[of_units])
        momenta.append(arguments["momentum"])
    return RecordedStatistics(None, torch.cat(means)[units], torch.cat(deviations)[units], momenta[0])


def _is_constant(bias: Tensor) -> bool:
    middle = bias[:, bias.shape[1] // 2 : bias.shape[1] // 2 + 1]
    return bool((bias - middle).abs().max() <= 1e-9 * bias.abs().max().clamp(min=1))


def _exact_front(
    front_of_network: Front,
    every: list[ProbedTensor],
    copies: list[tuple[int, Tensor]],
    order: Tensor,
    n_out: int,
    shape: torch.Size,
) -> Callable[[Tensor], Tensor]:
    """Return the network itself up to the cut, as maps of units."""
    firsts = [
        number for number, (which, _) in enumerate(copies) if which not in [one for one, _ in copies[:number]]
    ]

    def front(x: Tensor) -> Tensor:
        values = front_of_network(x)
        units = [every[number].to_units(values[number], len(x)) for number in firsts]
        padded = [torch.nn.functional.pad(unit, (0, n_out - unit.shape[2])) for unit in units]
        return torch.cat(padded, 1)[:, order.to(x.device)].reshape(len(x), *shape, n_out)

    return front
