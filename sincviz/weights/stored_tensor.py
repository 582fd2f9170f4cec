"""Tensors as described in a file: type, sizes, and where their values are, before any is read."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

MOST_DIMENSIONS = 64
LARGEST_SIZE = 2**63


@dataclass(frozen=True)
class Storage:
    """A run of values in a file: the name of its entry, their type and their stated number."""

    key: str
    dtype: torch.dtype
    n_values: int

    @property
    def n_bytes(self) -> int:
        """Number of bytes that the values take."""
        return self.n_values * self.dtype.itemsize


@dataclass(frozen=True)
class StoredTensor:
    """A tensor, described by where in a storage its values are.

    Examples
    --------
    >>> stored = StoredTensor(Storage("0", torch.float32, 6), 1, (2, 2), (3, 1))
    >>> stored.numel(), stored.inside
    (4, True)
    """

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def dtype(self) -> torch.dtype:
        """Type of the values."""
        return self.storage.dtype

    def numel(self) -> int:
        """Return the number of values: more than in the storage if some are used repeatedly."""
        return 0 if 0 in self.shape else math.prod(self.shape)

    @property
    def inside(self) -> bool:
        """Whether every value is inside the storage."""
        if 0 in self.shape:
            return 0 <= self.offset <= self.storage.n_values
        last = self.offset + sum(
            (size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True)
        )
        return last < self.storage.n_values

    def of(self, values: bytes, *, swapped: bool = False) -> Tensor:
        """Return the tensor, from the bytes of its whole storage; ``swapped`` if they are of the other byte order."""
        if not self.numel():
            return torch.empty(self.shape, dtype=self.dtype)
        held = bytearray(values)
        if swapped:
            # A complex value is two numbers.
            width = self.dtype.itemsize // (2 if self.dtype.is_complex else 1)
            held = bytearray(
                torch.frombuffer(held, dtype=torch.uint8).view(-1, width).flip(1).numpy().tobytes()
            )
        flat = torch.frombuffer(held, dtype=self.dtype)
        return flat.as_strided(self.shape, self.strides, self.offset).clone(
            memory_format=torch.contiguous_format
        )


def is_size(number: object) -> bool:
    """Return whether this is a natural number that fits into 63 bits."""
    return type(number) is int and 0 <= number < LARGEST_SIZE
