from __future__ import annotations

import pytest

from tutorcore import text


def test_every_public_name_can_be_had() -> None:
    """Names load when they are first used; each is there, and `dir` lists it."""
    assert all(getattr(text, name) is not None for name in text.__all__)
    assert set(text.__all__) <= set(dir(text))


def test_a_name_that_does_not_exist_is_refused_by_name() -> None:
    """A mistyped name is an `AttributeError`, as it is with any module."""
    with pytest.raises(AttributeError, match="has no attribute 'wrods'"):
        text.wrods  # noqa: B018  # that is the point
