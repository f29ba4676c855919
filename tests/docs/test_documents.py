"""The documents tell the truth: their fences run, the outputs they show come out, their links lead somewhere.

* A `python` fence is executed; the fences of one document share their names. Where it holds `>>>` it is a doctest.
* A `text` fence right after a `python` fence is what that fence prints.
* In a `console` fence each line `$ tutorcore ...` is run, and the lines below it are what it prints.

In both outputs `...` stands for anything, as in doctests. Everything runs in an empty folder that holds `examples/`.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_DOCUMENTS = sorted(path.relative_to(_ROOT).as_posix() for path in [*_ROOT.glob("*.md"), *_ROOT.glob("docs/**/*.md")])
_FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_PATH = re.compile(r"`(?P<path>(?:src|tests|docs|examples|tools|benchmarks|changelog\.d)/[\w./-]*\w/?)`")
_SCRIPT = Path(sys.executable).with_name("tutorcore")
_MATCHES = doctest.OutputChecker().check_output


class _Fence(NamedTuple):
    language: str
    body: str
    line: int
    follows: bool  # Nothing but blank lines between this fence and the one before.


def _fences(text: str) -> Iterator[_Fence]:
    end = -1
    for match in _FENCE.finditer(text):
        follows = end >= 0 and not text[end : match.start()].strip()
        yield _Fence(match["language"], match["body"], text.count("\n", 0, match.start("body")) + 1, follows)
        end = match.end()


def _assert_output(expected: str, actual: str, place: str) -> None:
    assert _MATCHES(expected, actual, doctest.ELLIPSIS), f"{place} shows\n{expected}\nbut this came out\n{actual}"


def _run_python(fence: _Fence, names: dict[str, object], document: str) -> str:
    if ">>>" in fence.body:
        test = doctest.DocTestParser().get_doctest(fence.body, names, document, document, fence.line - 1)
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, clear_globs=False)
        assert result.failed == 0, f"{document}:{fence.line}: see the output above"
        names.update(test.globs)
        return ""
    # The blank lines make a traceback name the document's own line.
    code = compile("\n" * (fence.line - 1) + fence.body, str(_ROOT / document), "exec")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)
    return printed.getvalue()


def _run_console(fence: _Fence, place: str) -> None:
    commands = re.split(r"^\$ ", fence.body, flags=re.MULTILINE)[1:]
    for command, _, expected in (text.partition("\n") for text in commands):
        words = shlex.split(command)
        if words[0] != "tutorcore":
            continue  # Setting up a machine is the work of .ci/run.
        done = subprocess.run([_SCRIPT, *words[1:]], capture_output=True, text=True, encoding="utf-8")
        assert done.returncode in (0, 1), f"{place}: `{command}` ended with {done.returncode}:\n{done.stderr}"
        _assert_output(expected, done.stdout, f"{place}: `{command}`")


@pytest.mark.slow
@pytest.mark.parametrize("document", _DOCUMENTS)
def test_the_fences_of_a_document_do_what_it_says(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a reader copies from a document works, and prints what the document shows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(_ROOT / "examples")
    names: dict[str, object] = {"__name__": "__main__"}
    printed: str | None = None

    for fence in _fences((_ROOT / document).read_text(encoding="utf-8")):
        place = f"{document}:{fence.line}"
        if fence.language == "text" and fence.follows and printed is not None:
            _assert_output(fence.body, printed, place)
        printed = _run_python(fence, names, document) if fence.language == "python" else None
        if fence.language == "console":
            _run_console(fence, place)


@pytest.mark.parametrize("document", _DOCUMENTS)
def test_the_links_of_a_document_lead_somewhere(document: str) -> None:
    """A relative link, and a path of the project in backquotes, names something that exists."""
    path = _ROOT / document
    text = _FENCE.sub("", path.read_text(encoding="utf-8"))
    links = [target for target in _LINK.findall(text) if not target.startswith(("http:", "https:", "#"))]
    paths = _PATH.findall(text)

    missing = [link for link in links if not (path.parent / link.partition("#")[0]).exists()]
    missing += [named for named in paths if not (_ROOT / named).exists()]

    assert missing == []


def test_every_document_under_docs_is_reachable_from_the_index() -> None:
    """A reader who starts at docs/index.md finds every page."""
    start = _ROOT / "docs" / "index.md"
    seen: set[Path] = set()
    pages = [start]
    while pages:
        page = pages.pop()
        if page in seen:
            continue
        seen.add(page)
        links = (target.partition("#")[0] for target in _LINK.findall(page.read_text(encoding="utf-8")))
        pages += [(page.parent / link).resolve() for link in links if link.endswith(".md") and "://" not in link]

    assert sorted(set(_ROOT.glob("docs/**/*.md")) - seen) == []
