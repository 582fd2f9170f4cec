"""Every figure of a paper on the network: python -m figures [--data simulated] [--seeds 5] [--out FOLDER]."""

import importlib
import time
from pathlib import Path

from figures.publishing import write_manifest
from figures.study import study_from
from sincviz import plotting


def main() -> None:
    """Train what is not kept yet, draw every figure, write the manifest."""
    study = study_from(description=__doc__)
    study.train_all()
    with plotting.journal(study.style):
        for script in sorted(Path(__file__).parent.glob("figure_*.py")):
            begin = time.perf_counter()
            importlib.import_module(f"figures.{script.stem}").draw(study)
            print(f"{script.stem}: {time.perf_counter() - begin:.0f} s", flush=True)
    write_manifest(study)
    print(f"Figures, captions and manifest.json are in {study.out}")


if __name__ == "__main__":
    main()
