"""Make ``eegnet_from_a_colleague.pt``: the EEGNet of ``eegnet.py``, trained on simulated EEG.

    pip install . && python tutorials/data/make_eegnet.py

Only the weights are saved, as people do. sincviz makes the trials; it does not train here.
"""

import sys
from pathlib import Path

import torch
from eegnet import EEGNet
from torch import Tensor, nn

from sincviz.datasets import simulate_motor_imagery

TRIALS = {"n_chans": 22, "sfreq": 128.0, "duration": 3.0}
N_TRIALS, N_TEST_TRIALS = 400, 200
MAX_EPOCHS, BATCH, LR = 60, 32, 2e-3
SEED = 2026
OUT = Path(__file__).with_name("eegnet_from_a_colleague.pt")


def trials(number: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return simulated trials in microvolts and their classes, 0 for left and 1 for right."""
    epochs, _ = simulate_motor_imagery(number, **TRIALS, seed=seed)
    signals = 1e6 * epochs.get_data(copy=False)
    return torch.as_tensor(signals, dtype=torch.float32), torch.as_tensor(epochs.events[:, 2] - 1)


def accuracy(network: nn.Module, signals: Tensor, classes: Tensor) -> float:
    """Return the share of trials whose class has the highest score, in evaluation mode."""
    network.eval()
    with torch.no_grad():
        return float((network(signals).argmax(1) == classes).double().mean())


def main() -> None:
    """Train, say how well it decodes, save the weights."""
    torch.manual_seed(SEED)
    signals, classes = trials(N_TRIALS, SEED)
    new_signals, new_classes = trials(N_TEST_TRIALS, SEED + 1)
    network = EEGNet(n_chans=signals.shape[1], n_times=signals.shape[2])
    optimizer = torch.optim.Adam(network.parameters(), lr=LR)
    for number in range(1, MAX_EPOCHS + 1):
        network.train()
        for chosen in torch.randperm(N_TRIALS).split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(signals[chosen]), classes[chosen]).backward()
            optimizer.step()
            network.limit_norms()
        if number % 5 == 0:
            print(
                f"pass {number}: accuracy {accuracy(network, signals, classes):.3f} in training, "
                f"{accuracy(network, new_signals, new_classes):.3f} on new trials",
                flush=True,
            )
    torch.save(network.state_dict(), OUT)
    print(f"{OUT.name}: {OUT.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    sys.exit(main())
