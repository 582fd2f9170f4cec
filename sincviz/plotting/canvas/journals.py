"""Journals' requirements for figures: widths of columns, fonts, sizes of type."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Journal:
    """Widths of columns in mm, fonts from the best to the last resort, sizes of type in pt.

    Attributes
    ----------
    single_mm, double_mm : float
        Width of a figure over one column and over two.
    families : tuple of str
        Fonts; the first that is installed is taken. The last comes with Matplotlib.
    small_pt, large_pt : float
        Size of type: nearly everything, and titles and labels of axes.
    """

    single_mm: float
    double_mm: float
    families: tuple[str, ...]
    small_pt: float
    large_pt: float


_ARIAL = ("Arial", "Helvetica", "Liberation Sans", "DejaVu Sans")
_TIMES = ("Times New Roman", "Times", "Liberation Serif", "STIXGeneral")

JOURNALS = {
    "sincviz": Journal(88, 178, ("DejaVu Sans",), 7, 8),
    # Elsevier, "Artwork sizing": 90 and 190 mm, Arial, lettering of 7 pt in print.
    "neuroimage": Journal(90, 190, _ARIAL, 7, 8),
    # research-figure-guide.nature.com: 89 and 183 mm, Arial or Helvetica of 5 to 7 pt.
    "nature": Journal(89, 183, _ARIAL, 6, 7),
    # IEEE Author Center, "Size requirements for graphics": 3.5 and 7.16 in; Times New Roman of 8 to 10 pt.
    "ieee": Journal(88.9, 181.9, _TIMES, 8, 9),
}
