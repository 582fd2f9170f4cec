"""The demonstration: train on simulated EEG, read the network, compare with the known truth."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd
import torch
import xarray as xr

from sincviz.analysis.evidence.ablation import ablate
from sincviz.analysis.evidence.recovery import Recovery, recovery, true_cells
from sincviz.datasets import simulate_motor_imagery
from sincviz.inspection.inspection import Inspection, inspect
from sincviz.networks.sinc_shallow import SincShallowNet
from sincviz.opening.checkpoints import save_checkpoint
from sincviz.training.classifier import EpochsClassifier
from sincviz.training.fitting import fit

if TYPE_CHECKING:
    import mne

CHECKPOINT = "network.safetensors"
LEAST_AGREEMENT = 0.85
MOST_CONTROL_AGREEMENT = 0.75
N_CONTROLS = 3
SECTIONS_SHOWN = ("bands", "responses", "maps", "relevance", "training")


@dataclass(frozen=True)
class Demonstration:
    """Results of the demonstration; see :func:`compare`."""

    bands: pd.DataFrame
    findings: pd.DataFrame
    loss: xr.DataArray
    true_cells: xr.DataArray
    accuracy: float
    agreement: Recovery
    control_accuracy: float
    control_cells: float

    @property
    def passed(self) -> bool:
        """Return whether the agreement is high enough for the network and low enough for the untrained networks."""
        return self.agreement.cells >= LEAST_AGREEMENT and self.control_cells <= MOST_CONTROL_AGREEMENT


class Trained(NamedTuple):
    """The demonstration's network, before it is compared with the truth."""

    classifier: EpochsClassifier
    inspection: Inspection
    test_epochs: "mne.BaseEpochs"
    truth: xr.Dataset
    untrained: Callable[[int], SincShallowNet]


def train(
    folder: str | os.PathLike[str],
    *,
    n_trials: int = 400,
    max_epochs: int = 40,
    seed: int = 0,
    overwrite: bool = False,
    progress: bool = True,
) -> Trained:
    """Train on simulated motor imagery, inspect the network, and write page, tables, figures and checkpoint.

    Parameters
    ----------
    folder : path-like
        Where these go.
    n_trials : int
        Simulated training trials; half as many are simulated anew for the test.
    max_epochs : int
        Maximum number of training epochs.
    seed : int
        Seed of everything.
    overwrite : bool
        Replace the files of an earlier demonstration.
    progress : bool
        Show progress bars.

    Raises
    ------
    FileExistsError
        If the folder holds an earlier demonstration and ``overwrite`` is false.
    """
    # What draws is loaded where it is needed.
    from sincviz.inspection.contents import CONTENTS
    from sincviz.report.folder import check_folder

    folder = check_folder(folder, CONTENTS, (CHECKPOINT,), overwrite=overwrite)
    training_epochs, truth = simulate_motor_imagery(n_trials, seed=2 * seed)
    test_epochs, _ = simulate_motor_imagery(n_trials // 2, seed=2 * seed + 1)

    def untrained(network_seed: int) -> SincShallowNet:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(network_seed)
            model = SincShallowNet(
                n_outputs=2,
                n_times=len(training_epochs.times),
                sfreq=training_epochs.info["sfreq"],
                chs_info=training_epochs.info["chs"],
                time_filter_len=65,
            )
        model.scale, model.class_names = 1e6, ["left", "right"]
        return model

    classifier = fit(untrained(seed), training_epochs, max_epochs=max_epochs, seed=seed, progress=progress)
    # The evidence here is the comparison with the truth.
    inspection = inspect(classifier, test_epochs, only=SECTIONS_SHOWN, seed=seed, progress=progress)
    inspection.save(folder, title="The demonstration's network", overwrite=overwrite, progress=progress)
    save_checkpoint(classifier, folder / CHECKPOINT)
    return Trained(classifier, inspection, test_epochs, truth, untrained)


def compare(trained: Trained, *, seed: int = 0, progress: bool = True) -> Demonstration:
    """Compare what the network loses without each band of each channel with the truth, and untrained networks too."""
    networks = [trained.classifier, *(trained.untrained(seed + 1 + number) for number in range(N_CONTROLS))]
    losses = [ablate(network, trained.test_epochs, seed=seed, progress=progress) for network in networks]
    loss, *controls = (result["score_loss"] for result in losses)
    assert trained.inspection.bands is not None  # no section was left out
    return Demonstration(
        bands=trained.inspection.bands,
        findings=trained.inspection.findings,
        loss=loss,
        true_cells=xr.DataArray(true_cells(trained.truth, loss), coords=loss.coords, name="true_cells"),
        accuracy=losses[0].attrs["accuracy"],
        agreement=recovery(loss, trained.truth),
        control_accuracy=fmean(result.attrs["accuracy"] for result in losses[1:]),
        control_cells=fmean(recovery(control, trained.truth).cells for control in controls),
    )


def strongest_cells(loss: xr.DataArray, most: int = 8) -> pd.DataFrame:
    """Return band, channel and loss of the most important cells, one row each."""
    return loss.to_dataframe("loss")["loss"].nlargest(most).reset_index()
