"""Shape of trials for a network, and code that corrects another shape."""

from itertools import permutations

from sincviz.errors import EpochsError


def check_shape(shape: tuple[int, ...], n_chans: int | None, n_times: int | None) -> None:
    """Raise an error if an array does not have the shape of trials for a network; ``None`` accepts any size.

    Raises
    ------
    EpochsError
        If an axis differs, or there are no trials.

    Examples
    --------
    >>> check_shape((40, 8, 256), 8, 256)
    >>> try:
    ...     check_shape((40, 256, 8), 8, 256)
    ... except EpochsError as error:
    ...     print(str(error).partition("; ")[2])
    got (40, 256, 8). The axes seem to be in another order: pass `x.transpose(0, 2, 1)`.
    """
    if len(shape) != 3 or n_chans not in (None, shape[1]) or n_times not in (None, shape[2]):
        chans, times = ("any number of" if size is None else size for size in (n_chans, n_times))
        remedy = _otherwise(shape, n_chans, n_times) if len(shape) == 3 else _reshaped(shape)
        raise EpochsError(
            f"Trials must have the shape (trials, {chans} channels, {times} times); got {shape}.{remedy}"
        )
    if shape[0] == 0:
        raise EpochsError("There are no trials.")


def _reshaped(shape: tuple[int, ...]) -> str:
    """Return code that reshapes an array with one dimension too many or too few."""
    match shape:
        case (_, _):
            return " If this is one trial, pass `x.reshape(1, *x.shape)`."
        case (_, 1, _, _):
            return " Pass `x.squeeze(1)`: it is added again for a network that needs it."
        case (_, _, _, 1):
            return " Pass `x.squeeze(3)`: it is added again for a network that needs it."
        case _:
            return ""


def _otherwise(shape: tuple[int, ...], n_chans: int | None, n_times: int | None) -> str:
    """Return which of three axes differ from the network's, and how to correct them."""
    if n_chans is not None and n_times is not None:
        for axes in permutations(range(3)):
            if (shape[axes[1]], shape[axes[2]]) == (n_chans, n_times):
                return f" The axes seem to be in another order: pass `x.transpose{axes}`."
    message = ""
    if n_chans is not None and shape[1] != n_chans:
        what = (
            "some are missing"
            if shape[1] < n_chans
            else "pass those of the network, in their order, `x[:, picks]`"
        )
        message += f" Axis 1 has {shape[1]} channels instead of {n_chans}: {what}."
    if n_times is not None and shape[2] != n_times:
        what = "cut longer trials" if shape[2] < n_times else f"crop, such as `x[:, :, :{n_times}]`"
        message += f" Axis 2 has {shape[2]} samples instead of {n_times}: at its rate {what}; else resample."
    return message
