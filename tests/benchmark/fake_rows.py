"""Rows of the benchmark, made by hand."""

import numpy as np
import pandas as pd

from sincviz.benchmark.table import summary

LABELS = {
    "sincviz.benchmark.own_methods:ours": ("Ours", ""),
    "peers:one": ("Peer, with a name of two lines or more", "written anew from the paper"),
    "peers:two": ("$x_1$ <b>", ""),
    "sincviz.benchmark.own_methods:none": ("Random numbers", "reference"),
}
VARIANTS = ("contrast", "mean", "magnitude")


def benchmark_rows(domains=("frequency", "time"), n_networks=6, spread=0.05):
    """Return rows in which each method is 0.1 worse than the one before, and each variant 0.02."""
    rng = np.random.default_rng(0)
    rows = []
    for domain in domains:
        for number in range(n_networks):
            common = spread * rng.standard_normal()
            for place, (method, (label, note)) in enumerate(LABELS.items()):
                for step, variant in enumerate(VARIANTS):
                    rows.append(
                        {
                            "method": f"{method}_{domain}",
                            "label": label,
                            "note": note,
                            "case": f"{domain}_{number % 2}/net{number}",
                            "condition": f"{domain}_{number % 2}",
                            "architecture": "EEGNet",
                            "domain": domain,
                            "variant": variant,
                            "cells_area": 0.85
                            - 0.1 * place
                            - 0.02 * step
                            + common
                            + 0.01 * rng.standard_normal(),
                            "average_precision": 0.5,
                            "channels_area": 0.7,
                            "suppressor_share": np.nan,
                            "seconds_per_100_trials": 1.0,
                            "accuracy": 0.9,
                            "seed": 0,
                            "error": "",
                        }
                    )
    return pd.DataFrame(rows)


def benchmark_summary(**settings):
    return summary(benchmark_rows(**settings), n_bootstrap=200)
