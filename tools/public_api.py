"""Write down everything a user can reach: every public name, with its signature.

    python -m tools.public_api             print the list
    python -m tools.public_api --write     rewrite tests/api/public_api.txt

A package shows its `__all__`; a module directly under `tutorcore` that has none shows the public names it defines.
The text is the same on every Python, so a difference is a change of the interface and nothing else.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path

SNAPSHOT = Path(__file__).resolve().parent.parent / "tests" / "api" / "public_api.txt"

_HEAD = "# Every public name. Rewritten by `python -m tools.public_api --write`; a difference is the place to argue.\n"
_PRINTABLE = (bool, int, str, type(None))


def render() -> str:
    """Return the whole list as text."""
    return _HEAD + "".join(f"\n{_section(module)}" for module in _modules())


def _modules() -> Iterator[types.ModuleType]:
    package = importlib.import_module("tutorcore")
    yield package
    for info in pkgutil.iter_modules(package.__path__, "tutorcore."):
        # A private module is no interface, and importing __main__ would run the program.
        if not info.name.rpartition(".")[2].startswith("_"):
            yield importlib.import_module(info.name)


def _section(module: types.ModuleType) -> str:
    lines = [line for name in _names(module) for line in _lines(name, getattr(module, name))]
    return "\n".join([module.__name__, *(f"    {line}" for line in lines)]) + "\n"


def _names(module: types.ModuleType) -> list[str]:
    names = module.__all__ if hasattr(module, "__all__") else _defined(inspect.getsource(module))
    return sorted(name for name in names if not name.startswith("_"))


def _defined(source: str) -> Iterator[str]:
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Assign(targets=targets):
                yield from (target.id for target in targets if isinstance(target, ast.Name))


def _lines(name: str, value: object) -> Iterator[str]:
    if isinstance(value, types.ModuleType):
        yield f"module {name}"
    elif isinstance(value, typing.NewType):
        yield f"type {name}: a new {value.__supertype__.__name__}"
    elif typing.get_origin(value) is typing.Literal:
        yield f"type {name}: {' | '.join(repr(choice) for choice in typing.get_args(value))}"
    elif typing.get_origin(value) is not None:
        yield f"type {name}"
    elif inspect.isclass(value):
        yield from _class_lines(name, value)
    elif inspect.isroutine(inspect.unwrap(value) if callable(value) else value):
        yield f"def {name}{_signature(value)}"
    else:
        yield f"{name}: {type(value).__name__}"


def _class_lines(name: str, cls: type) -> Iterator[str]:
    if not cls.__module__.startswith("tutorcore"):
        yield f"type {name}: {cls.__name__}"
        return
    bases = ", ".join(base.__name__ for base in cls.__bases__ if base is not object)
    yield f"class {name}({bases})" if bases else f"class {name}"
    if _is_made_by_us(cls):
        yield f"    {_signature(cls)}"
    for member, value in sorted(vars(cls).items()):
        if not member.startswith("_"):
            yield from (f"    {line}" for line in _member_lines(member, value))


def _is_made_by_us(cls: type) -> bool:
    """Tell whether calling the class means something of ours: not so for protocols and for plain exceptions."""
    if getattr(cls, "_is_protocol", False):
        return False
    makers = [base for base in cls.__mro__ if {"__init__", "__new__"} & vars(base).keys()]
    return makers[0].__module__.startswith("tutorcore")


def _member_lines(name: str, value: object) -> Iterator[str]:
    if isinstance(value, property):
        yield f"{name}: property"
    elif isinstance(value, classmethod | staticmethod):
        yield f"{type(value).__name__} {name}{_signature(value.__func__)}"
    elif inspect.isfunction(value):
        yield f"def {name}{_signature(value)}"


def _signature(value: object) -> str:
    assert callable(value)  # `_lines` and `_member_lines` ask for nothing else.
    try:
        signature = inspect.signature(value)
    except ValueError:  # Some builtins do not tell.
        return "(...)"
    # A class is called for an instance of itself, and the first parameter of a method says nothing.
    parameters = [parameter for parameter in signature.parameters.values() if parameter.name not in ("self", "cls")]
    back = "" if inspect.isclass(value) else _arrow(signature.return_annotation)
    return f"({', '.join(_with_marks(parameters))}){back}"


def _with_marks(parameters: list[inspect.Parameter]) -> Iterator[str]:
    """Yield the parameters, with the `/` and `*` that say how each may be passed."""
    kinds = [parameter.kind for parameter in parameters]
    positional_only = kinds.count(inspect.Parameter.POSITIONAL_ONLY)
    keyword_only = kinds.count(inspect.Parameter.KEYWORD_ONLY)
    needs_star = keyword_only and inspect.Parameter.VAR_POSITIONAL not in kinds
    for index, parameter in enumerate(parameters):
        if needs_star and kinds.index(inspect.Parameter.KEYWORD_ONLY) == index:
            yield "*"
        yield _parameter(parameter)
        if index + 1 == positional_only:
            yield "/"


def _parameter(parameter: inspect.Parameter) -> str:
    stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}.get(parameter.kind.name, "")
    note = _annotation(parameter.annotation)
    text = f"{stars}{parameter.name}" + (f": {note}" if note else "")
    if parameter.default is inspect.Parameter.empty:
        return text
    default = repr(parameter.default) if isinstance(parameter.default, _PRINTABLE) else "..."
    return f"{text} = {default}" if note else f"{text}={default}"


def _arrow(annotation: object) -> str:
    note = _annotation(annotation)
    return f" -> {note}" if note else ""


def _annotation(annotation: object) -> str:
    if annotation is inspect.Signature.empty:
        return ""
    if isinstance(annotation, str):
        return annotation
    if isinstance(annotation, typing.ForwardRef):  # The fields of a NamedTuple.
        return annotation.__forward_arg__
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def main(arguments: list[str]) -> None:
    """Print the list, or rewrite the snapshot when asked to."""
    if arguments == ["--write"]:
        SNAPSHOT.write_text(render(), encoding="utf-8")
    else:
        sys.stdout.write(render())


if __name__ == "__main__":
    main(sys.argv[1:])
