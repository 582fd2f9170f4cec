"""The page on what comes from whom: every work has its reference, and what is said to be the same is the same."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sincviz.analysis.attribution.spectral_shares import spectral_shares

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "lineage.md"
RESULTS = ROOT / "benchmarks" / "results" / "fourier_ig.csv"
README = ROOT / "README.md"

NAME = r"[^\W\d_a-z][\w-]+(?: [^\W\d_a-z][\w-]+)?"
CITATION = re.compile(rf"({NAME})( et al\.| and {NAME})? \(?(\d{{4}})\b")


@pytest.fixture(scope="module")
def page():
    if not PAGE.exists():
        pytest.skip("there is no docs/ here: the pages are not part of every package")
    return PAGE.read_text("utf-8")


@pytest.fixture(scope="module")
def text(page):
    """Return what stands before the references, each row of the table and each paragraph in one line."""
    return " ".join(page.partition("\n## References\n")[0].split())


@pytest.fixture(scope="module")
def references(page):
    return re.findall(r"^- (.+)$", page.partition("\n## References\n")[2], re.MULTILINE)


def first_author_and_year(reference):
    return re.match(rf"({NAME}),", reference)[1], re.search(r"\((\d{4})\)", reference)[1]


def authors(reference):
    return re.findall(rf"({NAME}),", reference.partition("(")[0])


def test_every_reference_has_a_year_and_an_address(references):
    assert len(references) > 20
    for reference in references:
        assert re.search(r" \((?:19|20)\d\d\)\. ", reference), reference
        assert re.search(r" <https://(?:doi\.org/10\.\d{4,}/|arxiv\.org/abs/|pypi\.org/)\S+>$", reference), (
            reference
        )
    addresses = [reference.rpartition("<")[2] for reference in references]
    assert len(set(addresses)) == len(addresses)


def test_references_stand_in_alphabetical_order(references):
    assert references == sorted(references, key=str.lower)


def test_what_is_cited_has_a_reference_and_what_has_a_reference_is_cited(text, references):
    cited = {(name, year) for name, _, year in CITATION.findall(text)}
    assert cited == {first_author_and_year(reference) for reference in references}


def test_as_many_authors_are_named_as_there_are(text, references):
    listed = {first_author_and_year(reference): reference for reference in references}
    for name, others, year in CITATION.findall(text):
        reference = listed[name, year]
        n_authors = 3 if "et al." in reference else len(authors(reference))
        assert others.startswith({1: "", 2: " and "}.get(n_authors, " et al.")), reference
        if others.startswith(" and "):
            assert authors(reference)[1] == others.removeprefix(" and ")


def test_whoever_is_named_without_a_year_has_a_reference(text, references):
    known = {first_author_and_year(reference)[0] for reference in references}
    named = set(re.findall(rf"({NAME}) et al\.", text))
    assert named <= known


def test_the_readers_find_the_page():
    if not PAGE.exists():
        pytest.skip("there is no docs/ here: the pages are not part of every package")
    evidence = (ROOT / "docs" / "evidence.md").read_text("utf-8")
    assert re.search(r"```\{toctree\}[^`]*\nlineage\n", evidence)
    assert "docs/lineage.md" in README.read_text("utf-8")


def test_the_table_is_that_of_the_results(page):
    reason = "the benchmark needs captum"
    pytest.importorskip("captum", reason=reason)
    fourier_ig = pytest.importorskip("benchmarks.fourier_ig", reason="there are no benchmarks/ here")
    assert fourier_ig.table(pd.read_csv(RESULTS)) in page


@pytest.mark.parametrize("n_times", [8, 9])
def test_relevance_passed_on_through_the_inverse_transform_is_the_spectral_share(n_times):
    """Vielhaben et al.: each frequency takes the part of a sample's relevance that it has in the sample."""
    rng = np.random.default_rng(0)
    x, gradient = rng.standard_normal((2, n_times))
    parts = [
        np.fft.irfft(np.where(np.arange(n_times // 2 + 1) == bin_, np.fft.rfft(x), 0), n_times)
        for bin_ in range(n_times // 2 + 1)
    ]
    assert np.allclose(np.sum(parts, 0), x)
    passed_on = np.array(parts) / x @ (x * gradient)
    shares = spectral_shares(torch.from_numpy(x), torch.from_numpy(gradient)).numpy()
    assert np.allclose(passed_on, shares)


def test_gradients_of_coefficients_times_coefficients_are_the_spectral_share():
    """Kechris et al.: what integrated gradients average is the gradient by the coefficients, real and imaginary."""
    rng = np.random.default_rng(1)
    x, gradient = torch.from_numpy(rng.standard_normal((2, 11)))
    coefficients = torch.view_as_real(torch.fft.rfft(x)).requires_grad_()
    score = torch.fft.irfft(torch.view_as_complex(coefficients), len(x)) @ gradient
    (slope,) = torch.autograd.grad(score, coefficients)
    assert torch.allclose((slope * coefficients).sum(-1), spectral_shares(x, gradient))
