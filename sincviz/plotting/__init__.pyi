from .bands import plot_bands
from .figure_file import save_figure
from .responses import plot_responses

__all__ = ["plot_bands", "plot_responses", "save_figure"]
