"""Policies that come with the library, one TOML file each: facts about platforms, with the source of every line."""

from __future__ import annotations

from importlib import resources

from tutorcore.errors import UnknownName

_SUFFIX = ".toml"


def preset_names() -> tuple[str, ...]:
    """Return the names of the presets in the box, sorted."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(file.name.removesuffix(_SUFFIX) for file in files if file.name.endswith(_SUFFIX)))


def preset_text(name: str) -> str:
    """Return the file of the preset called `name`, as its author wrote it; raise `UnknownName`."""
    if name not in preset_names():
        raise UnknownName("preset", name, preset_names())
    return resources.files(__name__).joinpath(name + _SUFFIX).read_text("utf-8")
