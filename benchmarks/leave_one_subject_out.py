"""How settings were chosen: train on all but one of the training subjects, test on that one.

Run: python benchmarks/leave_one_subject_out.py --data-path FOLDER [--max-epochs 50] [--sinc-lr 0.05] ...
The subjects of the README's test, 56 and 62, are not touched.
"""

import argparse
import statistics

import torch
from tqdm import tqdm

from sincviz import SincShallowNet
from sincviz.datasets import eegbci
from sincviz.training import fit

SUBJECTS = [2, 7, 29, 32, 34, 42, 54, 55]


def main() -> None:
    """Print the accuracy on each subject and their mean."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--data-path", help="the folder that holds MNE-eegbci-data")
    parser.add_argument("--reference", choices=["average", "recorded"], default="average")
    parser.add_argument("--time-filter-len", type=int, default=65)
    parser.add_argument("--max-epochs", type=int, default=50)
    parser.add_argument("--validation", type=float, default=0.0)
    parser.add_argument("--sinc-lr", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()

    epochs = eegbci(SUBJECTS, [4, 8, 12], path=options.data_path)
    if options.reference == "average":
        epochs.set_eeg_reference("average", projection=False, verbose="error")
    subject = epochs.metadata["subject"]
    accuracies = []
    for held_out in tqdm(SUBJECTS, "Subject"):
        torch.manual_seed(options.seed)
        model = SincShallowNet(
            time_filter_len=options.time_filter_len,
            n_outputs=2,
            n_times=len(epochs.times),
            sfreq=epochs.info["sfreq"],
            chs_info=epochs.info["chs"],
        )
        classifier = fit(
            model,
            epochs[(subject != held_out).to_numpy()],
            max_epochs=options.max_epochs,
            validation=options.validation,
            sinc_lr=options.sinc_lr,
            seed=options.seed,
            progress=False,
        )
        accuracies.append(classifier.score(epochs[(subject == held_out).to_numpy()]))
    print(vars(options))
    print({subject: round(accuracy, 2) for subject, accuracy in zip(SUBJECTS, accuracies, strict=True)})
    print(f"mean {statistics.fmean(accuracies):.3f}")


if __name__ == "__main__":
    main()
