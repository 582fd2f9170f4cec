"""The explorer of 90 trials: bytes of its payload, times in Node.js, and scores after edits against PyTorch.

    python benchmarks/explorer.py [--recordings FOLDER] [--edits 100] [--checkpoint network.safetensors]

FOLDER holds the PhysioNet recordings (left and right fist imagery; subjects 56 and 62 are shown, the network is
trained on eight others unless a checkpoint is given); without it EEG is simulated. Every filter gets so many pairs of
cut-offs drawn uniformly between 0 and Nyquist. Times are wall clock and CPU time of one thread. Needs Node.js.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from importlib.resources import files
from pathlib import Path

import mne
import numpy as np
import torch

from sincviz import (
    SincShallowNet,
    datasets,
    learned_bands,
    load_checkpoint,
    relevance,
    spatial_filters,
    spatial_patterns,
    spectral_relevance,
    training,
)
from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.analysis.evidence.edited_prediction import edited_front_end
from sincviz.analysis.evidence.prediction import accuracies, predictions
from sincviz.analysis.maps.unit_importance import importance
from sincviz.analysis.statistics.intervals import bootstrap_intervals
from sincviz.explorer.contents import explorer_dataset
from sincviz.explorer.payload import payload_text
from sincviz.networks import front_end
from sincviz.opening.network import network
from sincviz.trials.classes import classes_if_known
from sincviz.trials.epochs import network_input

TRAINED_ON = [2, 7, 29, 32, 34, 42, 54, 55]
SHOWN = [56, 62]


def _epochs(folder: str | None) -> tuple[mne.BaseEpochs, mne.BaseEpochs]:
    """Return epochs to train on, and to show: 90 trials of 64 channels and 640 samples."""
    if folder is None:
        epochs, _ = datasets.simulate_motor_imagery(290, n_chans=64, sfreq=160, duration=4.0, seed=0)
        return epochs[:200], epochs[200:]
    both = [datasets.eegbci(subjects, [4, 8, 12], path=folder) for subjects in (TRAINED_ON, SHOWN)]
    for epochs in both:
        epochs.set_eeg_reference("average", projection=False, verbose="error")
    return both[0], both[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--recordings")
    parser.add_argument("--checkpoint")
    parser.add_argument("--edits", type=int, default=100)
    arguments = parser.parse_args()
    mne.set_log_level("ERROR")
    train, shown = _epochs(arguments.recordings)
    if arguments.checkpoint:
        model = load_checkpoint(arguments.checkpoint)
    else:
        fresh = SincShallowNet(
            time_filter_len=65,
            n_outputs=2,
            n_times=len(train.times),
            sfreq=train.info["sfreq"],
            chs_info=train.info["chs"],
        )
        model = training.fit(fresh, train, max_epochs=30, seed=0, progress=False)
    seen = front_end(network(model))
    codes = classes_if_known(seen, shown, None, needed=True)
    table = predictions(seen, shown, codes)
    cells = cell_relevance(seen, shown, codes)
    results = {
        "bands": learned_bands(seen),
        "importance": importance(seen, shown),
        "spatial_filters": spatial_filters(seen),
        "spatial_patterns": spatial_patterns(seen, shown),
        "relevance": relevance(seen, shown, codes, trials="contrast"),
        "spectral_relevance": spectral_relevance(seen, shown, codes, trials="contrast"),
        "band_relevance": bootstrap_intervals(cells, trials="contrast"),
        "cell_relevance": cells,
        "predictions": table,
        "accuracies": accuracies(table),
    }
    start, start_cpu = time.perf_counter(), time.process_time()
    contents = explorer_dataset(seen, shown, codes, **results)
    text = payload_text(contents)
    print(
        f"{contents.attrs['trials_words']}, payload {len(text) / 1e6:.2f} MB, made in "
        f"{time.perf_counter() - start:.1f} s (CPU {time.process_time() - start_cpu:.1f} s)"
    )
    rng = np.random.default_rng(0)
    edits = [
        {"cutoffs": [[number, *np.sort(rng.uniform(0, seen.sfreq / 2, 2)).tolist()]]}
        for number in range(contents.sizes["filter"])
        for _ in range(arguments.edits)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "package.json").write_text('{"type": "module"}', "utf-8")
        for script in ("kernel.js", "explorer.js"):
            source = files("sincviz.explorer").joinpath("js", script)
            if script == "explorer.js":
                source = Path(__file__).with_name(script)
            (folder / script).write_text(source.read_text("utf-8"), "utf-8")
        (folder / "payload.json").write_text(text, "utf-8")
        (folder / "edits.json").write_text(json.dumps(edits), "utf-8")
        subprocess.run(["node", str(folder / "explorer.js"), name], check=True)
        answer = json.loads((folder / "answer.json").read_text("utf-8"))
    for what, pairs in answer["times"].items():
        wall, cpu = zip(*pairs, strict=True)
        print(f"{what:16s} {statistics.median(wall):6.0f} ms, CPU {statistics.median(cpu):6.0f} ms")
    _compare(seen, shown[contents["trial_number"].to_numpy()], contents, edits, np.array(answer["scores"]))


def _compare(seen, epochs, contents, edits, found) -> None:  # type: ignore[no-untyped-def]
    """Print how far scores and decisions are from PyTorch's, of the signals of the page and of the true ones."""
    decoded = contents["signals"].to_numpy() * contents["signal_scale"].to_numpy()[..., None]
    signals = {"signals of the page": decoded, "true signals": network_input(seen, epochs)}
    found = found.reshape(len(edits), *contents["scores"].shape)
    far = {name: np.empty(len(edits)) for name in signals}
    differ = {name: [] for name in signals}
    for number, edit in enumerate(edits):
        edited = edited_front_end(seen, cutoffs={one: (low, high) for one, low, high in edit["cutoffs"]})
        for name, values in signals.items():
            with torch.no_grad():
                scores = edited.scores(torch.from_numpy(values)).numpy()
            far[name][number] = np.abs(scores - found[number]).max()
            ranked = np.sort(scores, 1)
            wrong = scores.argmax(1) != found[number].argmax(1)
            differ[name] += (ranked[:, -1] - ranked[:, -2])[wrong].tolist()
    print(
        f"{len(edits)} edits of {found.shape[1]} trials; scores have a standard deviation of {found.std():.2f}"
    )
    print(f"stated error {contents.attrs['score_error']:.4f}")
    for name in signals:
        print(
            f"{name}: scores within {far[name].max():.2g} (median edit {np.median(far[name]):.2g}); "
            f"{len(differ[name])} decisions differ, margins at most {max(differ[name], default=0):.2g}"
        )


if __name__ == "__main__":
    main()
