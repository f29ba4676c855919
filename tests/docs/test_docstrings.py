"""Every example in a docstring runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import tutorcore

_MODULES = [
    info.name for info in pkgutil.walk_packages(tutorcore.__path__, "tutorcore.") if "__main__" not in info.name
]


@pytest.mark.parametrize("name", _MODULES)
def test_the_examples_of_a_module_come_out_as_written(name: str) -> None:
    """What a docstring shows after `>>>` is what happens."""
    module = importlib.import_module(name)

    result = doctest.testmod(module, optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)

    assert result.failed == 0, f"{name}: see the output above"
