"""Widget: the explorer in a notebook, or as a file."""

import os
from dataclasses import dataclass, field

from sincviz._utils.files import replacing
from sincviz.explorer.embedding import explorer_page, frame_html


@dataclass(frozen=True)
class Explorer:
    """The explorer of one network: as the last value of a cell it shows itself.

    It is a page of its own in a frame that may run its script and nothing else. So it needs no kernel, no extension of
    the notebook and no network: what ``jupyter nbconvert --to html`` writes keeps it whole. The notebook grows by the
    size of the page, a few megabytes.

    Attributes
    ----------
    payload : str
        JSON, as :func:`sincviz.explorer.payload.payload_text` returns it.
    title : str
        Of the page.
    height_px : int
        Of the frame.
    """

    payload: str = field(repr=False)
    title: str = "sincviz"
    height_px: int = 900

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
        """Write the explorer as one self-contained HTML page, atomically.

        Its address keeps what is chosen and edited, so that a copy of it opens the same view.

        Parameters
        ----------
        path : path-like
            The file to write; its folder must exist.
        overwrite : bool
            Replace an earlier page.

        Raises
        ------
        FileExistsError
            If there is such a file and ``overwrite`` is false.

        Examples
        --------
        >>> Explorer('{"header": {}, "blob": ""}', "left against right")
        Explorer(title='left against right', height_px=900)
        """
        if os.path.exists(path) and not overwrite:
            raise FileExistsError(f"{os.fspath(path)!r} exists. Pass overwrite=True to replace it.")
        with replacing(path) as temporary:
            temporary.write_text(explorer_page(self.payload, self.title), encoding="utf-8", newline="\n")

    def _repr_html_(self) -> str:
        return frame_html(self.payload, self.title, height_px=self.height_px)
