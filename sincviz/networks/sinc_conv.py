"""SincConv, the layer that turns two cut-offs per filter into a kernel; the only source of hertz."""

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from sincviz._utils.checks import finite_float, positive_int
from sincviz.networks.precision import in_single_precision, widened


class SincConv(nn.Module):
    r"""Bank of band-pass filters whose only parameters are their two cut-offs.

    With ``low = min_freq + |low_freqs|`` and ``high = min(low + |bandwidths|, sfreq / 2)``, :math:`f_c` their
    middle and :math:`b` their difference, the kernel at time :math:`t` (seconds from its centre) is

    .. math:: h(t) = \mathrm{hamming}(t) \cos(2 \pi f_c t)\, \mathrm{sinc}(b t)

    and the bank is divided by its standard deviation over all filters and taps. The closed form has no
    division by the bandwidth, so a filter of zero width is finite, and so is its gradient [1]_.

    Parameters
    ----------
    num_time_filters : int
        Number of filters.
    time_filter_len : int
        Length of the kernels in samples; odd, at least 3.
    sfreq : float
        Sampling rate of the signals in Hz.
    first_freq : float
        Raw low cut-off of the first filter in Hz; its true low cut-off is ``min_freq + first_freq``.
    min_freq : float
        Smallest low cut-off in Hz.
    freq_stride : float
        Distance between the initial low cut-offs of neighbouring filters in Hz.
    bandwidth : float
        Initial width of every filter in Hz.
    padding : {"same", "valid"}
        ``"same"`` pads with zeros and keeps the number of samples; upper or lower case.

    Attributes
    ----------
    low_freqs, bandwidths : torch.nn.Parameter, shape (1, num_time_filters)
        The raw parameters in Hz; read :meth:`cutoffs` instead.

    Raises
    ------
    TypeError
        If a size is not an integer or a frequency not a number.
    ValueError
        If a value is out of range, or an initial cut-off reaches the Nyquist frequency.

    References
    ----------
    .. [1] Ravanelli, M., & Bengio, Y. (2018). Speaker recognition from raw waveform with SincNet. IEEE SLT.

    Examples
    --------
    >>> conv = SincConv(num_time_filters=2, time_filter_len=33, sfreq=250)
    >>> conv.cutoffs().tolist()
    [[6.0, 10.0], [7.0, 11.0]]
    >>> conv(torch.zeros(8, 22, 1000)).shape
    torch.Size([8, 2, 22, 1000])
    """

    window: Tensor
    n_pi: Tensor
    ones: Tensor

    def __init__(
        self,
        num_time_filters: int = 32,
        time_filter_len: int = 33,
        *,
        sfreq: float,
        first_freq: float = 5.0,
        min_freq: float = 1.0,
        freq_stride: float = 1.0,
        bandwidth: float = 4.0,
        padding: str = "same",
    ) -> None:
        super().__init__()
        self.num_time_filters = positive_int("num_time_filters", num_time_filters)
        self.time_filter_len = positive_int(
            "time_filter_len", time_filter_len, minimum=3, odd=True, advice=33
        )
        self.sfreq = finite_float("sfreq", sfreq, above=0, advice=250)
        self.first_freq = finite_float("first_freq", first_freq, minimum=0)
        self.min_freq = finite_float("min_freq", min_freq, minimum=0)
        self.freq_stride = finite_float("freq_stride", freq_stride, above=0)
        self.bandwidth = finite_float("bandwidth", bandwidth, above=0)
        if not isinstance(padding, str) or padding.lower() not in ("same", "valid"):
            raise ValueError(f"`padding` must be 'same' or 'valid'; got {padding!r}. Try 'same'.")
        self.padding = padding.lower()
        self._check_below_nyquist()

        # Shapes and names are those of existing checkpoints.
        half = self.time_filter_len // 2
        taps = torch.arange(-half, 0, dtype=torch.float64)[:, None]
        self.register_buffer("window", (0.54 + 0.46 * torch.cos(math.pi * taps / half)).float())
        self.register_buffer("n_pi", (2 * math.pi * taps / self.sfreq).float())
        self.register_buffer("ones", torch.ones(1, 1, 1, self.num_time_filters))
        low_freqs = self.first_freq + self.freq_stride * torch.arange(self.num_time_filters)[None]
        self.low_freqs = nn.Parameter(low_freqs.float())
        self.bandwidths = nn.Parameter(torch.full_like(self.low_freqs, self.bandwidth))

    def _check_below_nyquist(self) -> None:
        nyquist = self.sfreq / 2
        first_high = self.min_freq + self.first_freq + self.bandwidth
        highest = first_high + (self.num_time_filters - 1) * self.freq_stride
        if highest < nyquist:
            return
        room = nyquist - first_high
        if room <= 0:
            lowest = self.min_freq if self.min_freq < nyquist else 0.0
            quarter = _three_digits_down((nyquist - lowest) / 4)
            stride = _three_digits_down(quarter / self.num_time_filters)
            remedy = (
                f"Try `min_freq={lowest:g}`, `first_freq={quarter:g}`, `bandwidth={quarter:g}` and "
                f"`freq_stride={stride:g}`."
            )
        else:
            fitting = math.ceil(room / self.freq_stride)
            if first_high + (fitting - 1) * self.freq_stride >= nyquist:  # the quotient was rounded up
                fitting -= 1
            stride = _three_digits_down(room / self.num_time_filters)
            remedy = f"Try `num_time_filters={fitting}` or `freq_stride={stride:g}`."
        raise ValueError(
            f"The highest initial cut-off must lie below the Nyquist frequency, {nyquist:g} Hz at "
            f"`sfreq={self.sfreq:g}`; got {highest:g} Hz (`min_freq` + `first_freq` + `bandwidth` + "
            f"{self.num_time_filters - 1} × `freq_stride`). {remedy}"
        )

    @property
    def pad(self) -> int:
        """Number of zeros that filtering adds before and after a signal."""
        return self.time_filter_len // 2 if self.padding == "same" else 0

    def cutoffs(self) -> Tensor:
        """Return the nominal cut-offs of each filter in Hz.

        Returns
        -------
        torch.Tensor, shape (num_time_filters, 2)
            Low and high cut-off, low never above high; differentiable. A low cut-off that moved past the
            Nyquist frequency is folded back below it, where its kernel really is.
        """
        return self._cutoffs_of(self.low_freqs, self.bandwidths)

    def initial_cutoffs(self) -> Tensor:
        """Return the cut-offs in Hz that these settings start from, shape (num_time_filters, 2)."""
        low_freqs = self.first_freq + self.freq_stride * torch.arange(
            self.num_time_filters, dtype=torch.float64
        )
        return self._cutoffs_of(low_freqs[None], torch.full_like(low_freqs, self.bandwidth)[None])

    def _cutoffs_of(self, low_freqs: Tensor, bandwidths: Tensor) -> Tensor:
        nyquist = self.sfreq / 2
        written = self.min_freq + low_freqs.abs()
        high = (written + bandwidths.abs()).clamp(max=nyquist)
        # Past the Nyquist frequency a band folds back: same samples, same kernel, and low stays below high.
        low = torch.where(written > nyquist, self.sfreq - written, written).clamp(min=0)
        return torch.cat([low, high]).T

    def draw_cutoffs(self, generator: torch.Generator | None = None) -> None:
        """Set the cut-offs of every filter to two frequencies drawn uniformly between ``min_freq`` and Nyquist.

        Initial cut-offs are always the same; this makes a random filter bank.

        Parameters
        ----------
        generator : torch.Generator | None
            Source of randomness.
        """
        room = self.sfreq / 2 - self.min_freq
        drawn = torch.rand(2, self.num_time_filters, generator=generator, dtype=torch.float64) * room
        low, high = drawn.sort(0).values
        with torch.no_grad():
            self.low_freqs.copy_(low[None])
            self.bandwidths.copy_((high - low)[None])

    def kernels(self) -> Tensor:
        """Return the impulse responses, shape (num_time_filters, time_filter_len); differentiable."""
        return self.kernels_of(self.cutoffs())

    def kernels_of(self, cutoffs: Tensor) -> Tensor:
        """Return the impulse responses for these cut-offs in Hz, shape (num_time_filters, 2)."""
        window, n_pi, ones = map(widened, (self.window, self.n_pi, self.ones))
        low, high = cutoffs.to(window).unbind(1)
        left = window * torch.cos(n_pi * (low + high) / 2) * _sinc(n_pi * (high - low) / (2 * math.pi))
        bank = torch.cat([left, ones.reshape(1, -1), left.flip(0)]).T
        return (bank / bank.std()).to(self.window.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Filter every channel with every filter.

        Parameters
        ----------
        x : torch.Tensor, shape (batch, channels, times)
            Signals.

        Returns
        -------
        torch.Tensor, shape (batch, num_time_filters, channels, times)
            The filtered signals; ``time_filter_len - 1`` samples fewer with padding ``"valid"``.
        """
        filtered = partial(F.conv2d, padding=(0, self.pad))
        return in_single_precision(filtered, x[:, None], self.kernels()[:, None, None])

    def _load_from_state_dict(self, state_dict: dict[str, Tensor], prefix: str, *details: Any) -> None:
        """Reject weights of another sampling rate before anything is copied."""
        # `n_pi` is 2 pi t, so weights contain their sampling rate even if their configuration is lost.
        n_pi = state_dict.get(prefix + "n_pi")
        if n_pi is not None and n_pi.numel():
            last = abs(float(n_pi.flatten()[-1]))
            sfreq = 2 * math.pi / last if last > 0 else math.inf
            if not math.isclose(sfreq, self.sfreq, rel_tol=1e-5):
                raise ValueError(
                    f"The weights were trained at a sampling rate of {sfreq:.6g} Hz, but this network is built for "
                    f"{self.sfreq:.6g} Hz: the filters would have other frequencies. "
                    f"Build the network with `sfreq={sfreq:.6g}` and resample the signals."
                )
        super()._load_from_state_dict(state_dict, prefix, *details)

    def extra_repr(self) -> str:
        """Return the settings that ``print`` shows."""
        return (
            f"{self.num_time_filters}, time_filter_len={self.time_filter_len}, sfreq={self.sfreq:g}, "
            f"padding={self.padding!r}"
        )


def _sinc(x: Tensor) -> Tensor:
    if not torch.onnx.is_in_onnx_export():
        return torch.sinc(x)
    # The older exporter to ONNX does not know this function.
    angle = math.pi * x
    at_zero = angle == 0
    return torch.where(at_zero, 1.0, torch.sin(angle) / torch.where(at_zero, 1.0, angle))


def _three_digits_down(value: float) -> float:
    """Round a positive number down to three digits, so that it stays below a limit when it is printed."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return math.floor(value / unit) * unit
