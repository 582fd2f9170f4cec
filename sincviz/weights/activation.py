"""Activations by name: only module classes of ``torch.nn``; nothing is ever imported."""

from torch import nn

# Their output for a trial depends on this trial alone, and is the same every time.
POINTWISE = (
    *(nn.CELU, nn.ELU, nn.GELU, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.Identity, nn.LeakyReLU),
    *(nn.LogSigmoid, nn.Mish, nn.ReLU, nn.ReLU6, nn.SELU, nn.Sigmoid, nn.SiLU, nn.Softplus, nn.Softsign),
    *(nn.Tanh, nn.Tanhshrink),
)


def activation_class(activation: object) -> type[nn.Module]:
    """Return the module class given by ``activation``, a class or a name.

    Parameters
    ----------
    activation : type | str
        A module class, or its name such as ``"ELU"``, ``"torch.nn.ELU"`` or the full path that older
        configurations hold.

    Raises
    ------
    TypeError
        If it is neither a module class nor a name.
    ValueError
        If the name is not a module class of ``torch.nn``.

    Examples
    --------
    >>> activation_class("torch.nn.modules.activation.ReLU")
    <class 'torch.nn.modules.activation.ReLU'>
    """
    if isinstance(activation, type) and issubclass(activation, nn.Module):
        return activation
    if not isinstance(activation, str):
        raise TypeError(
            f"`activation` must be a class such as `torch.nn.ELU`, or None; got {activation!r:.80}. "
            "Pass the class itself, not an instance or a function."
        )
    path, _, name = activation.rpartition(".")
    module_class = (
        getattr(nn, name, None) if path in ("", "torch.nn") or path.startswith("torch.nn.modules.") else None
    )
    if not (isinstance(module_class, type) and issubclass(module_class, nn.Module)):
        raise ValueError(
            f"`activation` must name a module class of `torch.nn`; got {activation!r:.80}. Try 'ELU'."
        )
    return module_class


def build_activation(activation: object) -> nn.Module:
    """Return an instance of the activation.

    Raises
    ------
    TypeError
        If it is neither a module class nor a name.
    ValueError
        If its class needs arguments, or the name is not a module class of ``torch.nn``.
    """
    chosen = activation_class(activation)
    try:
        return chosen()
    except TypeError as error:
        raise ValueError(
            f"`activation` must be a class that needs no arguments; got {chosen.__name__}. Try `torch.nn.ELU`."
        ) from error


def activation_name(activation: type[nn.Module]) -> str:
    """Return the full name under which :func:`activation_class` finds a class of ``torch.nn`` again.

    Raises
    ------
    ValueError
        If the class is not one of ``torch.nn``.
    """
    if getattr(nn, activation.__name__, None) is not activation:
        raise ValueError(
            f"A configuration can only store activations of `torch.nn`; got {activation.__module__}."
            f"{activation.__qualname__}. Save the state dict instead, or use a class of `torch.nn`."
        )
    return f"{activation.__module__}.{activation.__qualname__}"
