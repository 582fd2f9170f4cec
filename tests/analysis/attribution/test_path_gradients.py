"""Gradients along the path against polynomials with a known answer, and against the change they add up to."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sincviz.analysis.attribution.path_gradients import AT_THE_END, gauss_legendre, path_gradients


@given(n_steps=st.integers(1, 40), degree=st.integers(0, 79))
def test_the_rule_is_exact_for_polynomials(n_steps, degree):
    degree = min(degree, 2 * n_steps - 1)
    found = sum(weight * place**degree for place, weight in gauss_legendre(n_steps))
    assert math.isclose(found, 1 / (degree + 1), rel_tol=1e-12)


@given(n_steps=st.integers(1, 100))
def test_places_lie_on_the_path_and_weights_add_up_to_one(n_steps):
    places, weights = np.array(gauss_legendre(n_steps)).T
    assert len(places) == n_steps
    assert ((places > 0) & (places < 1) & (weights > 0)).all()
    assert math.isclose(weights.sum(), 1, rel_tol=1e-12)


def cubes(x):
    """Three classes that are polynomials of the values, of degrees 1 to 3."""
    return torch.stack([x.sum((1, 2)), (x**2).sum((1, 2)), (x**3).prod(2).sum(1)], 1)


def points(n_trials, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((n_trials, 3, 1)))


@pytest.mark.parametrize("n_starts", [1, 4])
def test_the_average_times_the_way_is_the_change(n_starts):
    start, end = points(n_starts, 1), points(4)
    found = path_gradients(cubes, start, end, gauss_legendre(2))
    shares = torch.stack([((end - start) * gradient).sum((1, 2)) for gradient in found], 1)
    torch.testing.assert_close(shares, cubes(end) - cubes(start).expand(4, 3))


def test_the_average_of_a_square_is_the_gradient_in_the_middle():
    start, end = points(4, 1), points(4)
    for rule in (gauss_legendre(1), gauss_legendre(9)):
        torch.testing.assert_close(path_gradients(cubes, start, end, rule)[1], start + end)


def test_at_the_end_it_is_the_plain_gradient():
    end = points(4)
    linear, square, cube = path_gradients(cubes, points(1, 1), end, AT_THE_END)
    torch.testing.assert_close(linear, torch.ones_like(end))
    torch.testing.assert_close(square, 2 * end)
    torch.testing.assert_close(cube, 3 * end**2)


def test_nothing_but_the_result_remains():
    start, end = points(4, 1).requires_grad_(), points(4).requires_grad_()
    before = start.detach().clone(), end.detach().clone()
    weights = torch.ones(3, 1, dtype=torch.float64, requires_grad=True)
    found = path_gradients(lambda x: cubes(weights * x), start, end, gauss_legendre(3))
    assert not any(gradient.requires_grad for gradient in found)
    assert start.grad is end.grad is weights.grad is None
    assert torch.equal(start, before[0])
    assert torch.equal(end, before[1])


def test_all_classes_of_a_step_come_from_one_forward_pass():
    sizes = []

    def counted(x):
        sizes.append(len(x))
        return cubes(x)

    path_gradients(counted, points(1), points(4), gauss_legendre(5))
    assert sizes == [4] * 5


def test_a_score_that_nothing_changes_has_no_gradient():
    (found,) = path_gradients(lambda x: 0 * x.sum((1, 2))[:, None], points(1), points(4), gauss_legendre(2))
    assert (found == 0).all()


@pytest.mark.parametrize("layout", [lambda x: x, lambda x: x.transpose(1, 2).contiguous().transpose(1, 2)])
def test_the_layout_in_memory_is_kept(layout):
    end = layout(torch.from_numpy(np.random.default_rng(0).standard_normal((4, 3, 5))))
    for rule in (AT_THE_END, gauss_legendre(3)):
        for gradient in path_gradients(lambda x: (x**2).sum(2), torch.zeros_like(end[:1]), end, rule):
            assert gradient.stride() == end.stride()
