"""The two orders in which the network computes one function."""

import pytest

ORDERS = {
    "fast": lambda model, x: model(x),
    "layer by layer": lambda model, x: model.feature_maps(x)["scores"],
}


@pytest.fixture(scope="session", params=ORDERS.values(), ids=ORDERS)
def scores(request):
    """Compute the class scores of a batch, once in each order."""
    return request.param
