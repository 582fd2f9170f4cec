"""The methods paragraph: what was done, in the past tense, with the references that belong to it."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import xarray as xr

from sincviz._utils.text import counted, percent
from sincviz._version import __version__
from sincviz.analysis.evidence.predictions import ALL, HELD_OUT, SEEN
from sincviz.analysis.evidence.randomization import MORE_DRAWS
from sincviz.eeg.band_limits import low_and_high_hz
from sincviz.inspection.inspection import Inspection
from sincviz.inspection.measuring import MOST_EVIDENCE_TRIALS, MOST_RANDOMIZATION_TRIALS, N_RANDOM_NETWORKS
from sincviz.report.summary import chance_words, n_read, prepared_otherwise
from sincviz.report.words import filter_words, reference_words

REFERENCES = {
    "blankertz": "Blankertz, B., Tomioka, R., Lemm, S., Kawanabe, M., & Müller, K.-R. (2008). Optimizing spatial "
    "filters for robust EEG single-trial analysis. IEEE Signal Processing Magazine, 25(1), 41–56.",
    "borra": "Borra, D., Fantozzi, S., & Magosso, E. (2020). Interpretable and lightweight convolutional "
    "neural network for EEG decoding: Application to movement execution and imagination. Neural Networks, "
    "129, 55–74.",
    "ravanelli": "Ravanelli, M., & Bengio, Y. (2018). Speaker recognition from raw waveform with SincNet. "
    "IEEE Spoken Language Technology Workshop, 1021–1028.",
    "haufe": "Haufe, S., et al. (2014). On the interpretation of weight vectors of linear models in "
    "multivariate neuroimaging. NeuroImage, 87, 96–110.",
    "petrosyan": "Petrosyan, A., Sinkin, M., Lebedev, M., & Ossadtchi, A. (2021). Decoding and interpreting "
    "cortical signals with a compact convolutional neural network. Journal of Neural Engineering, 18, "
    "026019.",
    "sundararajan": "Sundararajan, M., Taly, A., & Yan, Q. (2017). Axiomatic attribution for deep networks. "
    "ICML, 3319–3328.",
    "adebayo": "Adebayo, J., et al. (2018). Sanity checks for saliency maps. NeurIPS, 31.",
    "samek": "Samek, W., Binder, A., Montavon, G., Lapuschkin, S., & Müller, K.-R. (2017). Evaluating the "
    "visualization of what a deep neural network has learned. IEEE Transactions on Neural Networks and "
    "Learning Systems, 28, 2660–2673.",
    "hesterberg": "Hesterberg, T. C. (2015). What teachers should know about the bootstrap. The American "
    "Statistician, 69, 371–386.",
    "gramfort": "Gramfort, A., et al. (2013). MEG and EEG data analysis with MNE-Python. Frontiers in "
    "Neuroscience, 7, 267.",
}


def methods_paragraph(found: Inspection) -> tuple[str, list[str]]:
    """Return a paragraph that can be pasted into a paper, and its references in alphabetical order.

    Examples
    --------
    >>> from sincviz import SincShallowNet, inspect
    >>> text, references = methods_paragraph(inspect(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)))
    >>> text.startswith("A Sinc-ShallowNet (Borra et al., 2020)"), len(references)
    (True, 3)
    """
    net = found.network
    cited = ["borra", "ravanelli", "gramfort"]
    known = net["kind"] == "SincShallowNet"
    network = "A Sinc-ShallowNet (Borra et al., 2020)" if known else "A network"
    filters = "band-pass filters parametrised by their cut-offs (Ravanelli and Bengio, 2018)"
    text = [
        f"{network} with {net['n_filters']} {filters if known else 'temporal filters'}"
        f" of {net['n_taps']} samples at {net['sfreq_hz']:g} Hz and {net['depth']} spatial "
        f"filter{'s' * (net['depth'] != 1)} per temporal filter, on {counted(net['n_chans'], 'channel')}, was read "
        f"with sincviz {__version__} (weights {net['weights_sha256'][:12]}), which builds on MNE-Python "
        "(Gramfort et al., 2013)."
    ]
    if not known:
        cited.remove("borra")
        cited.remove("ravanelli")
    if found.bands is not None:
        text.append(
            "Bands are reported as the −3 dB limits of the kernels' frequency response, not as their "
            "nominal cut-offs."
        )
    if found.trials:
        text.append(_trials(found))
    if found.spatial_patterns is not None:
        cited += ["haufe", "petrosyan"]
        text.append(
            "Scalp maps show patterns (Haufe et al., 2014), computed for each unit with the covariance of "
            "the trials filtered by its own temporal filter (Petrosyan et al., 2021)."
        )
    if found.band_relevance is not None:
        cited += ["sundararajan", "hesterberg"]
        attrs = found.band_relevance.attrs
        over = (
            "averaged over the trials of a class minus the average over the others"
            if attrs.get("trials") == "contrast"
            else "averaged over all trials"
        )
        text.append(
            "Relevance is the integrated gradient (Sundararajan et al., 2017) of each class score from a "
            f"baseline of zero ({attrs.get('n_steps')} steps), split exactly over frequencies and channels "
            "by Parseval's theorem and summed over bands (in Hz: "
            f"{_bands(found.band_relevance)}), {over}, with 95% bootstrap "
            f"intervals {_over(attrs)} ({attrs.get('n_resamples')} resamples; Hesterberg, 2015)."
        )
    evidence = _evidence(found)
    if evidence:
        text.append(evidence)
        cited += ["samek"] * (found.deletion is not None) + ["adebayo"] * (found.randomization is not None)
    if found.csp is not None:
        cited.append("blankertz")
        text.append(
            "For comparison, common spatial patterns with a linear discriminant (8–30 Hz; Blankertz et al., 2008) "
            f"decoded {percent(found.csp['accuracy'])} of {found.csp['n_trials']:.0f} trials in a cross-validation."
        )
    return " ".join(text), sorted(REFERENCES[name] for name in cited)


def _over(attrs: Mapping[Hashable, Any]) -> str:
    """Return over what the intervals are: trials, and whose."""
    over = str(attrs.get("interval", "")).partition(" over ")[2] or "trials"
    return f"over {over}, not over subjects in general" if "subjects" in over else f"over {over}"


def _bands(cells: xr.DataArray) -> str:
    """Return the limits of the named bands."""
    limits = zip(cells["band"].to_numpy(), low_and_high_hz(cells), strict=True)
    return "; ".join(
        f"{name}: {low:g}{' and above' if high == np.inf else f'–{high:g}'}"
        for name, (low, high) in limits
        if low == low  # is a number: not what is left over
    )


def _trials(found: Inspection) -> str:
    facts = found.trials
    prepared = [reference_words(facts["reference"])] if facts.get("reference") else []
    if facts.get("highpass_hz") is not None:
        prepared.append(filter_words(facts["highpass_hz"], facts["lowpass_hz"], found.network["sfreq_hz"]))
    how = f" ({', '.join(prepared)})" if prepared else ""
    words = f"It was examined on {counted(facts['n_trials'], 'trial')}{how}"
    if found.accuracies is None:
        return f"{words} of unknown class."
    rows = found.accuracies.to_dict("index")
    row = rows[HELD_OUT if HELD_OUT in rows else ALL]
    both = HELD_OUT in rows and SEEN in rows
    whose = (
        f" on the {row['n_trials']} not used in training, from which all that follows was read"
        if both
        else ""
    )
    if (
        HELD_OUT in rows
        and not both
        and not prepared_otherwise(found)
        and "unknown_trials" not in found.verdict["reasons"]
    ):
        words += ", none of them recognised among the training trials"
    elif SEEN in rows and not both:
        words += ", all of them used in training"
    return (
        f"{words}, {len(found.network['class_names'])} classes, with an accuracy of {percent(row['accuracy'])}{whose} "
        f"(95% Wilson interval {percent(row['low'])} to {percent(row['high'])}; most frequent class "
        f"{percent(row['majority'])}) and a balanced accuracy of {percent(row['balanced_accuracy'])} (chance "
        f"{percent(row['chance_level'])}; {chance_words(row)})."
    )


def _evidence(found: Inspection) -> str:
    n_trials = n_read(found)
    few_trials = f", on {MOST_RANDOMIZATION_TRIALS} trials" if n_trials > MOST_RANDOMIZATION_TRIALS else ""
    parts = []
    if found.deletion is not None:
        attrs = found.deletion.attrs
        tested = f", the order by {attrs['n_orders']} random ones" if "n_orders" in attrs else ""
        parts.append(
            "by replacing bands of single channels by those of other trials in the order of their relevance, which "
            f"the other half of the trials made (Samek et al., 2017{tested})"
        )
    if found.ablation is not None:
        parts.append("by replacing single bands of regions of the scalp")
    if found.randomization is not None:
        parts.append(
            f"by drawing the network's layers anew (Adebayo et al., 2018; {N_RANDOM_NETWORKS} networks for "
            f"each layer, {MORE_DRAWS * N_RANDOM_NETWORKS} with all layers drawn{few_trials})"
        )
    if not parts:
        return ""
    some = (
        f", on {MOST_EVIDENCE_TRIALS} of the trials, drawn evenly from the classes"
        if n_trials > MOST_EVIDENCE_TRIALS
        else ""
    )
    return f"This was tested {'; '.join(parts)}{some} (seed {found.seed})."
