"""Definitions with nonsense put anywhere into them."""

from typing import Any

from hypothesis import strategies as st

_WORDS = ["permit", "text", "f_aa11"]
_JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5) | st.sampled_from(_WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def _places(tree, path=()):
    """Every place in a tree, as the way to it."""
    yield path
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in pairs:
        yield from _places(value, (*path, key))


def _put(tree, path, value):
    for key in path[:-1]:
        tree = tree[key]
    tree[path[-1]] = value


def spoilt(data: Any, tree: dict) -> dict:
    """The tree with one to three of its values replaced by nonsense."""
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from([place for place in _places(tree) if place]))
        _put(tree, place, data.draw(_JUNK))
    return tree
