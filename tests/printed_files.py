"""Files under the names that the pages use, made from simulated trials: small, but everything on them runs."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import scipy.io
import torch

import sincviz

SOURCE = '''"""Networks and methods that the pages name."""

import torch
from torch import nn


class MyNetwork(nn.Module):
    def __init__(self, n_chans, n_outputs):
        super().__init__()
        self.filters = nn.Conv1d(n_chans, 12, 33, padding="same")
        self.norm = nn.BatchNorm1d(12)
        self.head = nn.Linear(12, n_outputs)
        if n_chans == 22:  # what is inspected without trials says its own sizes
            self.n_times, self.sfreq = 1000, 250.0

    def forward(self, x):
        power = self.norm(self.filters(x)).square().mean(-1)
        return self.head(torch.log(power.clamp(min=1e-6)))
'''
NAMES = ["Fz", "C3", "Cz", "C4"]
SIZE = {"ch_names": NAMES, "sfreq": 250, "tmin": 0.0, "duration": 4.0}
N_TRIALS = 60


def trained(epochs, seed=0):
    """Return a small network after a training of seconds."""
    torch.manual_seed(seed)
    model = sincviz.SincShallowNet(
        num_time_filters=6,
        freq_stride=4.0,
        time_filter_len=33,
        n_outputs=2,
        n_times=len(epochs.times),
        sfreq=epochs.info["sfreq"],
        chs_info=epochs.info["chs"],
    )
    return sincviz.training.fit(model, epochs, max_epochs=20, validation=0, seed=seed, progress=False)


def write_files(folder):
    """Write every file that stands in the folder before a page is run there."""
    folder = Path(folder)
    train, test, mine = (
        sincviz.datasets.simulate_motor_imagery(N_TRIALS, **SIZE, seed=seed)[0] for seed in (1, 2, 3)
    )
    for name, epochs in {"train": train, "test": test, "my": mine}.items():
        epochs.save(folder / f"{name}-epo.fif", verbose="error")
    classifier = trained(train)
    for name in ("network", "net", "before"):
        sincviz.save_checkpoint(classifier, folder / f"{name}.safetensors")
    sincviz.save_checkpoint(trained(train, seed=1), folder / "after.safetensors")
    for name in ("network.pt", "braindecode_state_dict.pt", "downloaded.pt", "downloaded.ckpt"):
        torch.save(classifier.module_.state_dict(), folder / name)
    write_arrays(folder, test)
    write_recording(folder / "recording.edf", test)
    write_own_networks(folder)
    write_manifest(folder, {"ann": mine, "bea": test})
    write_eegnet(folder, train)
    write_fists(folder)


def write_arrays(folder, epochs):
    """Write trials as arrays, in microvolts, with the codes of two cues."""
    x, y = 1e6 * epochs.get_data(), 768 + epochs.events[:, 2]
    np.savez(folder / "trials.npz", x=x, y=y)
    scipy.io.savemat(folder / "trials.mat", {"x": x, "y": y})


def write_recording(path, epochs):
    """Write a recording in EDF+ with a cue, T1 or T2, every five seconds."""
    rate, pause_s = int(epochs.info["sfreq"]), 1
    x = np.pad(1e6 * epochs.get_data(), ((0, 0), (0, 0), (0, pause_s * rate)), mode="edge")
    signals = np.concatenate(list(x), axis=1)
    n_records, trial_s, most = signals.shape[1] // rate, x.shape[2] // rate, 500
    digital = (
        np.clip(signals / most * 32767, -32767, 32767).astype("<i2").reshape(len(NAMES), n_records, rate)
    )
    labels, n_signals, n_marks = [*NAMES, "EDF Annotations"], len(NAMES) + 1, 60
    columns = [
        (16, labels),
        (80, [""] * n_signals),
        (8, ["uV"] * len(NAMES) + [""]),
        (8, [-most] * len(NAMES) + [-1]),
        (8, [most] * len(NAMES) + [1]),
        (8, [-32767] * n_signals),
        (8, [32767] * n_signals),
        (80, [""] * n_signals),
        (8, [rate] * len(NAMES) + [n_marks]),
        (32, [""] * n_signals),
    ]
    start = [(8, "0"), (80, "X X X X"), (80, "Startdate X X X X"), (8, "01.01.00"), (8, "00.00.00")]
    start += [(8, 256 * (n_signals + 1)), (44, "EDF+C"), (8, n_records), (8, 1), (4, n_signals)]
    fields = start + [(width, value) for width, values in columns for value in values]
    content = "".join(str(value).ljust(width) for width, value in fields).encode("ascii")
    for second in range(n_records):
        trial, offset_s = divmod(second, trial_s)
        cue = "" if offset_s else f"+{second}\x15{trial_s - pause_s}\x14T{epochs.events[trial, 2]}\x14\x00"
        marks = f"+{second}\x14\x14\x00{cue}".encode("ascii").ljust(2 * n_marks, b"\x00")
        content += digital[:, second].tobytes() + marks
    path.write_bytes(content)


def write_own_networks(folder):
    """Write a module with a class of a network, and its weights."""
    (folder / "my_networks.py").write_text(SOURCE, "utf-8")
    known = {}
    exec(SOURCE, known)
    torch.manual_seed(0)
    torch.save(known["MyNetwork"](22, 4).state_dict(), folder / "mine.pt")


def write_manifest(folder, epochs_of):
    """Write a manifest with two networks of one person and one of another, as on the page on groups."""
    for name in ("networks", "trials"):
        (folder / name).mkdir()
    rows = []
    for subject, seed in (("ann", 0), ("ann", 1), ("bea", 0)):
        own = f"trials/{subject}-epo.fif"
        epochs_of[subject].save(folder / own, overwrite=True, verbose="error")
        (folder / "networks" / f"{subject}_{seed}.safetensors").write_bytes(
            (folder / ("after.safetensors" if seed else "before.safetensors")).read_bytes()
        )
        rows.append({"checkpoint": f"networks/{subject}_{seed}.safetensors", "epochs": own})
        rows[-1] |= {"subject": subject, "seed": seed}
    pd.DataFrame(rows).to_csv(folder / "manifest.csv", index=False)


def write_eegnet(folder, epochs):
    """Write the weights of an EEGNet of braindecode, where that is installed."""
    try:
        from braindecode.models import EEGNet
    except ImportError:
        return
    torch.manual_seed(0)
    model = EEGNet(n_chans=len(NAMES), n_outputs=2, n_times=len(epochs.times), sfreq=250)
    torch.save(model.state_dict(), folder / "eegnet.pt")


def recordings():
    """Return where the recordings are, or None."""
    data = os.environ.get("SINCVIZ_TEST_DATA")
    folder = Path(data).resolve() / "mne_data" if data else None
    return folder if folder and folder.is_dir() else None


def write_fists(folder):
    """Write a network of recorded imagery, hardly trained, where the recordings are."""
    if recordings() is None:
        return
    epochs = sincviz.datasets.eegbci([29], runs=[4], path=recordings(), progress=False)
    torch.manual_seed(0)
    model = sincviz.SincShallowNet(
        num_time_filters=8,
        time_filter_len=65,
        n_outputs=2,
        n_times=len(epochs.times),
        sfreq=epochs.info["sfreq"],
        chs_info=epochs.info["chs"],
    )
    steps = [sincviz.preparation.SetEEGReference("average"), sincviz.preparation.Filter(4, 38)]
    settings = {"preparation": steps, "max_epochs": 3, "validation": 0, "progress": False}
    sincviz.save_checkpoint(sincviz.training.fit(model, epochs, **settings), folder / "fists.safetensors")
