"""Every public method says what it is for. Ruff sees to modules, classes and functions; methods need their bases."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import types
from collections.abc import Iterator

import pytest

import tutorcore

_MODULES = [
    info.name for info in pkgutil.walk_packages(tutorcore.__path__, "tutorcore.") if "__main__" not in info.name
]

_METHOD = (types.FunctionType, property, classmethod, staticmethod)


def _methods(module: types.ModuleType) -> Iterator[tuple[str, object]]:
    """Yield the public methods that the public classes of `module` define and do not merely override."""
    for cls in vars(module).values():
        if inspect.isclass(cls) and cls.__module__ == module.__name__ and not cls.__name__.startswith("_"):
            for name, member in vars(cls).items():
                overrides = any(hasattr(base, name) for base in cls.__mro__[1:])
                if isinstance(member, _METHOD) and not name.startswith("_") and not overrides:
                    yield f"{cls.__qualname__}.{name}", getattr(cls, name)


@pytest.mark.parametrize("name", _MODULES)
def test_public_methods_have_docstrings(name: str) -> None:
    """A public method of a public class has a docstring; one that overrides may leave it to its base."""
    silent = [label for label, member in _methods(importlib.import_module(name)) if not inspect.getdoc(member)]

    assert silent == []
