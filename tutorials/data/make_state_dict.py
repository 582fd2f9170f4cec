"""Make ``state_dict_from_a_colleague.pt``: braindecode's SincShallowNet, trained on simulated EEG.

In a virtual environment of its own, because braindecode is no dependency of sincviz:

    pip install -r benchmarks/requirements.txt && pip install -e . && python tutorials/data/make_state_dict.py

The network and its settings are braindecode's, untouched: 33 taps, a batch-norm momentum of 0.99, one learning rate
for everything. Only the weights are saved, as people do. sincviz makes the trials; it does not train here.
"""

import sys
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from sincviz.datasets import simulate_motor_imagery

N_CHANS, SFREQ, SECONDS = 22, 250.0, 3.0
N_TRIALS, N_TEST_TRIALS = 320, 200
MAX_EPOCHS, BATCH, LR = 40, 32, 1e-3
SEED = 2026
OUT = Path(__file__).with_name("state_dict_from_a_colleague.pt")


def trials(number: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return simulated trials in microvolts and their classes, 0 for left and 1 for right."""
    epochs, _ = simulate_motor_imagery(number, n_chans=N_CHANS, sfreq=SFREQ, duration=SECONDS, seed=seed)
    signals = 1e6 * epochs.get_data(copy=False)
    return torch.as_tensor(signals, dtype=torch.float32), torch.as_tensor(epochs.events[:, 2] - 1)


def reference_network() -> nn.Module:
    """Return braindecode's network, untrained."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its imports
        from braindecode.models import SincShallowNet

        return SincShallowNet(n_chans=N_CHANS, n_outputs=2, n_times=round(SFREQ * SECONDS), sfreq=SFREQ)


def accuracy(network: nn.Module, signals: Tensor, classes: Tensor) -> float:
    """Return the share of trials whose class has the highest score, in evaluation mode."""
    network.eval()
    with torch.no_grad():
        predicted = torch.cat([network(batch).argmax(1) for batch in signals.split(BATCH)])
    return float((predicted == classes).double().mean())


def main() -> None:
    """Train, say how well it decodes, save the weights."""
    torch.manual_seed(SEED)
    network = reference_network()
    signals, classes = trials(N_TRIALS, SEED)
    new_signals, new_classes = trials(N_TEST_TRIALS, SEED + 1)
    optimizer = torch.optim.Adam(network.parameters(), lr=LR)
    for number in range(1, MAX_EPOCHS + 1):
        network.train()
        for chosen in torch.randperm(N_TRIALS).split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(signals[chosen]), classes[chosen]).backward()
            optimizer.step()
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
