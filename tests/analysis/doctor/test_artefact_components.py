"""Components of eyes, muscles and lines: what is removed is the artefact, and hardly anything else."""

import numpy as np
import pytest

from sincviz.analysis.doctor.artefact_components import eye_or_muscle, line_noise, lines_in
from tests.analysis.doctor.shortcut_examples import CHANNELS, SFREQ, TIMES, blinks, hum, muscle, trials

EYES = np.isin(CHANNELS, ["Fp1", "Fp2", "F7", "F8"])
EDGE = np.isin(CHANNELS, ["Fp1", "Fp2", "F7", "F8", "T7", "T8"])
NO_LINES = np.zeros(129, bool)


@pytest.mark.parametrize(("kind", "plant", "flags"), [("eye", blinks, EYES), ("muscle", muscle, EDGE)])
def test_what_is_removed_is_the_artefact(kind, plant, flags):
    clean, codes = trials()
    x = plant(clean, codes)
    strata = np.zeros(len(codes), int)
    artefact = eye_or_muscle(kind, x, codes, strata, SFREQ, flags, NO_LINES)
    added = (x - clean).astype(float)
    left = x - artefact.part_of(x) - clean
    # A part of the background goes with it, and a part of the artefact stays outside its frequencies.
    assert (left**2).sum() < 0.25 * (added**2).sum()
    c3 = CHANNELS.index("C3")
    kept, own = (x - artefact.part_of(x))[:, c3], clean[:, c3]
    assert np.corrcoef(kept.ravel(), own.ravel())[0, 1] > 0.98
    assert artefact.channel_share.sum() == pytest.approx(1)
    assert artefact.p < 0.01


@pytest.mark.parametrize(("kind", "flags"), [("eye", EYES), ("muscle", EDGE)])
def test_nothing_is_removed_where_nothing_differs(kind, flags):
    x, codes = trials(erd=1.5)
    assert eye_or_muscle(kind, x, codes, np.zeros(len(codes), int), SFREQ, flags, NO_LINES) is None


def test_an_offset_that_stays_through_a_trial_is_no_eye_movement():
    x, codes = trials()
    x = x.copy()
    x[:, :4] += 40 * codes[:, None, None] + 20 * codes[:, None, None] * TIMES
    assert eye_or_muscle("eye", x, codes, np.zeros(len(codes), int), SFREQ, EYES, NO_LINES) is None


def test_a_difference_between_subjects_is_none_between_classes():
    x, _ = trials()
    subject = np.repeat([0, 1], 70)
    codes = np.where(np.arange(140) % 5 == 0, 1 - subject, subject)
    x = blinks(x, subject)
    assert eye_or_muscle("eye", x, codes, subject, SFREQ, EYES, NO_LINES) is None


def test_lines_are_known_by_their_frequency():
    x, codes = trials()
    assert lines_in(x, SFREQ) == []
    x = hum(x, codes)
    assert lines_in(x, SFREQ) == [50.0]
    line = line_noise(x, codes, np.zeros(len(codes), int), SFREQ)
    assert line.ranges_hz == ((49.0, 51.0),)
    assert lines_in((x - line.part_of(x)).astype(np.float32), SFREQ) == []


def test_an_alias_of_the_mains_is_a_line():
    x, _ = trials()
    x = x.copy()
    x[:, 3] += 20 * np.sin(2 * np.pi * 100 * TIMES)  # seen at 28 Hz, where rhythms are, on one channel
    x[:, 4] += 20 * np.sin(2 * np.pi * 180 * TIMES)  # seen at 52 Hz
    assert lines_in(x, SFREQ) == [52.0]


def test_a_line_that_is_the_same_in_both_classes_is_none():
    x, codes = trials()
    assert line_noise(hum(x, codes, related=False), codes, np.zeros(len(codes), int), SFREQ) is None
