"""Bands, drawn at random."""

from hypothesis import strategies as st


def bands_apart():
    """Up to four bands that do not overlap, with gaps or without, in any order."""

    def named(edges):
        edges = sorted(edges)
        pairs = list(zip(edges[::2], edges[1::2], strict=False))
        return st.permutations([(f"band {number}", pair) for number, pair in enumerate(pairs)]).map(dict)

    return st.lists(st.floats(0, 64), min_size=2, max_size=8, unique=True).flatmap(named)
