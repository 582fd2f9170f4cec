"""Damaged and hostile checkpoints: the right network, or an error that names file and reason, and nothing runs.

``SINCVIZ_TEST_MUTATIONS=10000`` tries that many over all samples. README quotes a run of as many.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sincviz import load_checkpoint, save_checkpoint
from sincviz.trials.identity import trial_fingerprints

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="the limits of memory and time are Linux's"),
]

N_MUTATIONS = int(os.environ.get("SINCVIZ_TEST_MUTATIONS", "1400")) // 7  # of each sample
SCRIPT = Path(__file__).with_name("checkpoint_mutations.py")
SAMPLES = (
    "braindecode_state_dict.pt",
    "skorch_params.pt",
    "skorch_params.safetensors",
    "lightning.ckpt",
    "braindecode_hub_folder",
    "braindecode_whole_model_pickle.pt",
    "sincviz.safetensors",
)


@pytest.fixture
def samples(test_data, tmp_path):
    reference = test_data / "reference"
    shutil.copytree(reference / "checkpoints", tmp_path / "samples")
    shutil.copy(reference / "small_8ch_128hz" / "arrays.npz", tmp_path)
    ours = load_checkpoint(tmp_path / "samples" / "braindecode_hub_folder", class_names=["left", "right"])
    x = np.load(tmp_path / "arrays.npz")["x"]
    ours.provenance |= {
        "initial_cutoffs_hz": ours.cutoffs().tolist(),
        "cutoff_history_hz": [ours.cutoffs().tolist()] * 3,
        "n_training_trials": len(x),
        "training_trials": trial_fingerprints(x),
        "training_recordings": [{"subject": "1", "session": "a"}],
        **{"reference": "average", "highpass_hz": 0.5, "lowpass_hz": None, "seed": 1},
    }
    save_checkpoint(ours, tmp_path / "samples" / "sincviz.safetensors")
    return tmp_path / "samples"


@pytest.mark.parametrize("name", SAMPLES)
def test_a_damaged_file_opens_as_it_was_or_says_what_is_wrong(samples, name):
    done = subprocess.run(
        [sys.executable, SCRIPT, samples / name, samples.parent, "0", str(N_MUTATIONS)],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=max(900, N_MUTATIONS * 2),
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result = json.loads(done.stdout)
    assert not result["failures"], "\n".join(result["failures"])
    assert result["opened"] + result["refused"] >= N_MUTATIONS
    assert result["refused"] > N_MUTATIONS / 4, "the damage must be noticed"
    assert (result["opened"] == 0) == ("whole_model" in name)
