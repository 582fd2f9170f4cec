"""What tests of the explorer share: everything measured of a small network, and Node.js."""

import json
import os
import shutil
import subprocess
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from sincviz import (
    filter_response,
    learned_bands,
    relevance,
    spatial_filters,
    spatial_patterns,
    spectral_relevance,
)
from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.analysis.attribution.temporal import temporal_relevance
from sincviz.analysis.attribution.time_frequency import time_frequency_relevance
from sincviz.analysis.doctor.doctor import diagnose
from sincviz.analysis.evidence.prediction import accuracies, predictions
from sincviz.analysis.filters.drift import cutoff_drift
from sincviz.analysis.maps.unit_importance import importance
from sincviz.analysis.statistics.intervals import bootstrap_intervals
from sincviz.explorer.contents import explorer_dataset
from sincviz.explorer.payload import payload_text
from sincviz.networks import front_end


@pytest.fixture(scope="session")
def measured():
    """Measure everything that an explorer shows of a network and trials of known classes."""

    def measure(model, epochs, codes, **settings):
        seen = front_end(model)
        of_cells = cell_relevance(seen, epochs, codes)
        averaged = "contrast" if len(np.unique(codes)) > 1 else "all"
        table = predictions(seen, epochs, codes)
        results = {
            "bands": learned_bands(seen),
            "importance": importance(seen, epochs) if seen.n_outputs > 1 else None,
            "drift": cutoff_drift(seen),
            "response": filter_response(seen),
            "spatial_filters": spatial_filters(seen),
            "spatial_patterns": spatial_patterns(seen, epochs),
            "relevance": relevance(seen, epochs, codes, trials=averaged),
            "spectral_relevance": spectral_relevance(seen, epochs, codes, trials=averaged),
            "band_relevance": bootstrap_intervals(of_cells, trials=averaged, n_resamples=50),
            "cell_relevance": of_cells,
            "predictions": table,
            "accuracies": accuracies(table) if seen.n_outputs > 1 else None,
            "findings": diagnose(seen),
        }
        return explorer_dataset(seen, epochs, codes, **(results | settings))

    return measure


@pytest.fixture
def model(network, moved, epochs):
    model = moved(network(chs_info=epochs.info["chs"])).eval()
    model.scale, model.class_names = 1e6, ["left", "right"]
    return model


@pytest.fixture
def codes(epochs):
    return (epochs.events[:, 2] == epochs.event_id["right"]).astype(int)


@pytest.fixture
def contents(measured, model, epochs, codes):
    return measured(model, epochs, codes)


@pytest.fixture
def over_time(model, epochs, codes):
    """Relevance over times, and over frequencies and times."""
    settings = {"trials": "contrast", "progress": False}
    return {
        "temporal_relevance": temporal_relevance(model, epochs, codes, **settings),
        "time_frequency_relevance": time_frequency_relevance(model, epochs, codes, window_s=0.25, **settings),
    }


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """Run a test of JavaScript by its name, with cases that it reads from a folder."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("Node.js is not installed")
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").split(".")[0]) < 18:
        pytest.skip(f"Node.js 18 or later is needed; this is {version.strip()}")

    def run(folder, name, **cases):
        for key, case in cases.items():
            text = json.dumps({**case, "payload": json.loads(payload_text(case["payload"]))})
            (folder / f"{key}.json").write_text(text, "utf-8")
        scripts = tmp_path_factory.mktemp("scripts")
        (scripts / "package.json").write_text('{"type": "module"}')
        kernel = files("sincviz.explorer").joinpath("js", "kernel.js").read_text("utf-8")
        (scripts / "kernel.js").write_text(kernel, "utf-8")
        shutil.copy(Path(__file__).with_name("kernel.test.js"), scripts)
        done = subprocess.run(
            [found, "--test", "--test-name-pattern", f"^{name}$", "kernel.test.js"],
            cwd=scripts,
            env=os.environ | {"CASES": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "# pass 1" in done.stdout, done.stdout
        answer = folder / "answer.json"
        return json.loads(answer.read_text("utf-8")) if answer.exists() else None

    return run
