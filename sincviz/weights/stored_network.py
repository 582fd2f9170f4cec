"""Interface of a network class for files of weights."""

from collections.abc import Mapping
from typing import Any, Protocol, Self

from torch import Tensor


class StoredNetwork(Protocol):
    """A network that can be written to and read from a file."""

    class_names: list[str] | None
    scale: float | None
    preparation: tuple[Any, ...]
    provenance: dict[str, Any]
    n_chans: int
    n_outputs: int
    n_times: int
    sfreq: float

    @property
    def ch_names(self) -> list[str] | None:
        """Names of the channels, in their order."""
        ...

    @property
    def num_time_filters(self) -> int:
        """Number of temporal filters."""
        ...

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Return a network of these settings."""
        ...

    def get_config(self) -> dict[str, Any]:
        """Return every setting in a form for JSON."""
        ...

    def cutoffs(self) -> Tensor:
        """Return the cut-offs of each filter in Hz, shape (num_time_filters, 2)."""
        ...

    def initial_cutoffs(self) -> Tensor:
        """Return the cut-offs in Hz before training."""
        ...

    def reset_head(self, n_outputs: int) -> None:
        """Replace the classification head."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return the weights by name."""
        ...

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Load weights by name."""
        ...

    def to(self, dtype: Any) -> Self:
        """Return the network in a precision."""
        ...

    def eval(self) -> Self:
        """Return the network in evaluation mode."""
        ...
