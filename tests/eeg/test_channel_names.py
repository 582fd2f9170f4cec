"""Two names become one channel only where nothing else could be meant."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz import EpochsError, diagnose, spectral_relevance
from sincviz.eeg.channel_names import electrode_key, matched_names, rename_line
from sincviz.trials.epochs import network_input

ELECTRODES = [
    "Fp1",
    "Fp2",
    "F3",
    "Fz",
    "C3",
    "Cz",
    "C4",
    "T7",
    "T8",
    "P7",
    "P8",
    "O1",
    "CP5",
    "FC5",
    "AFF5h",
    "Iz",
]
WRITINGS = [
    "{}",
    "EEG {}-REF",
    "EEG {}-LE",
    "{}.",
    "{}..",
    "{}-A1",
    "{}-A2",
    "{}-AVG",
    "EEG {}",
    " {} ",
    "EEG:{}",
    "{}-M1",
]
OLD = {"T7": "T3", "T8": "T4", "P7": "T5", "P8": "T6"}

written = st.tuples(st.sampled_from(WRITINGS), st.sampled_from([str, str.upper, str.lower]), st.booleans())


def spell(name, how):
    form, case, old = how
    return form.format(case(OLD.get(name, name) if old else name))


@given(
    st.lists(st.tuples(st.sampled_from(ELECTRODES), written), unique_by=lambda pair: pair[0]), st.randoms()
)
def test_every_writing_of_an_electrode_is_found_in_any_order(pairs, random):
    wanted = [name for name, _ in pairs]
    available = [spell(name, how) for name, how in pairs]
    truth = dict(zip(wanted, available, strict=True))
    random.shuffle(available)
    matched, ambiguous = matched_names(wanted, available)
    assert matched == truth
    assert list(matched) == wanted
    assert ambiguous == {}


names = st.lists(
    st.sampled_from(
        [
            *ELECTRODES,
            *OLD.values(),
            "fp1",
            "FP1",
            "EEG Fp1-REF",
            "Fp1-A1",
            "Fp1-A2",
            "C3-0",
            "C3-1",
            "Fp1-F7",
        ]
    )
    | st.text(max_size=6),
    unique=True,
)


@given(wanted=names, available=names)
def test_no_channel_is_taken_twice_and_nothing_is_taken_that_is_not_there(wanted, available):
    matched, ambiguous = matched_names(wanted, available)
    assert len(set(matched.values())) == len(matched)
    assert set(matched.values()) <= set(available)
    assert set(matched) <= set(wanted)
    assert not set(matched) & set(ambiguous)
    assert all(electrode_key(name) == electrode_key(own) for name, own in matched.items())
    assert all(matched[name] == name for name in set(wanted) & set(available))


@pytest.mark.parametrize(
    ("wanted", "available", "found", "ambiguous"),
    [
        (["C3"], ["C3-A1", "C3-A2"], {}, {"C3": ["C3-A1", "C3-A2"]}),
        (["C3"], ["C3", "c3", "EEG C3-REF"], {"C3": "C3"}, {}),
        (["T7"], ["T3", "EEG T7-REF"], {"T7": "EEG T7-REF"}, {}),
        (["T3", "T7"], ["EEG T7", "EEG T3"], {"T3": "EEG T3", "T7": "EEG T7"}, {}),
        (["FP1", "fp1"], ["Fp1"], {}, {"FP1": ["Fp1"], "fp1": ["Fp1"]}),
        (["C3"], ["C3-0", "C3-1"], {}, {"C3": ["C3-0", "C3-1"]}),
        (["Fp1"], ["Fp1-F7", "Fp10"], {}, {}),
        (["1"], ["EEG 1", "E1"], {}, {}),
    ],
)
def test_what_could_be_two_channels_is_left_apart(wanted, available, found, ambiguous):
    assert matched_names(wanted, available) == (found, ambiguous)


def test_many_names_are_matched_in_a_moment():
    many = [f"X{number}" for number in range(50_000)]
    assert len(matched_names(many, [name.lower() for name in many])[0]) == 50_000


@pytest.fixture
def model(network, epochs):
    model = network(n_times=len(epochs.times), chs_info=epochs.info["chs"])
    model.scale, model.class_names = 1e6, ["left", "right"]
    return model


@pytest.mark.parametrize("form", ["EEG {}-REF", "{}..", "{}-A1"])
def test_epochs_of_another_spelling_give_the_same_trials_and_it_is_said_once(model, epochs, form):
    expected = network_input(model, epochs)
    epochs.rename_channels({name: form.format(name.upper()) for name in epochs.ch_names})
    with pytest.warns(
        RuntimeWarning, match=re.escape(f"another spelling: {epochs.ch_names[0]} as ")
    ) as warned:
        trials = network_input(model, epochs.reorder_channels(epochs.ch_names[::-1]))
    assert len(warned) == 1
    np.testing.assert_array_equal(trials, expected)
    with pytest.warns(RuntimeWarning, match="another spelling") as warned:
        spectral_relevance(model, epochs)
    assert len(warned) == 1


def remedy(message):
    (line,) = re.findall(r"`(epochs\.rename_channels\(.*?\))`", message)
    return line


@pytest.mark.parametrize(
    "change",
    [
        lambda epochs: epochs.rename_channels(lambda name: {"C3": "C3-0"}.get(name, name.upper())),
        lambda epochs: epochs.rename_channels(lambda name: f"EEG {epochs.ch_names.index(name):03}"),
        lambda epochs: epochs.add_channels(
            [epochs.copy().pick(["C3"]).rename_channels({"C3": "C3-A2"})], force_update_info=True
        ).rename_channels({"C3": "C3-A1"}),
    ],
    ids=["doubles", "numbers", "two references"],
)
@pytest.mark.filterwarnings("ignore:Channels ")
def test_the_mapping_of_a_mismatch_can_be_run_and_helps(model, epochs, change):
    expected = network_input(model, epochs)
    change(epochs)
    with pytest.raises(EpochsError, match="missing in the epochs") as raised:
        network_input(model, epochs)
    exec(remedy(str(raised.value)), {"epochs": epochs})
    np.testing.assert_array_equal(network_input(model, epochs), expected)


@pytest.mark.filterwarnings("ignore:Channels are matched")
def test_remedies_name_the_channels_as_the_epochs_do(model, epochs):
    epochs.rename_channels({name: f"EEG {name}-REF" for name in epochs.ch_names})
    epochs._data[:, 2] = 0
    findings = diagnose(model, epochs).set_index("check").loc["flat", "remedy"]
    assert f"'{epochs.ch_names[2]}'" in findings
    epochs._data[:, 2] = np.nan
    with pytest.raises(EpochsError, match=re.escape(f"`epochs.info['bads'] += ['{epochs.ch_names[2]}']`")):
        network_input(model, epochs)


def test_another_cap_is_named(model, epochs):
    epochs.rename_channels({name: f"E{number}" for number, name in enumerate(epochs.ch_names, 1)})
    with pytest.raises(
        EpochsError, match=r"names of 'GSN-HydroCel-32', but the network has names of 'standard_1005'"
    ):
        network_input(model, epochs)


def test_more_channels_than_a_nameless_network_takes_are_picked_by_the_remedy(network, epochs):
    expected = network(n_times=len(epochs.times), chs_info=epochs.info["chs"])
    nameless = network(n_times=len(epochs.times))
    nameless.scale = expected.scale = 1e6
    eyes = epochs.copy().pick(["C3", "C4"]).rename_channels({"C3": "EOG-left", "C4": "EOG-right"})
    more = epochs.copy().add_channels([eyes], force_update_info=True)
    with pytest.raises(
        EpochsError, match=r"has 6 channels .*have 8 EEG channels.*EOG-left, EOG-right are not EEG"
    ) as raised:
        network_input(nameless, more)
    exec(re.search(r"`(epochs\.pick\(.*?\))`", str(raised.value))[1], {"epochs": more})
    nameless.chs_info = more.info["chs"]
    np.testing.assert_array_equal(network_input(nameless, more), network_input(expected, epochs))


def test_the_line_that_renames_is_python():
    assert rename_line({"a'b": "C3"}) == "`epochs.rename_channels({\"a'b\": 'C3'})`"
