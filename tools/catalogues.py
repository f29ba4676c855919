"""The catalogues of sentences: extracts what is to be translated, and says what is missing or wrong.

`python -m tools.catalogues --write` brings `messages.pot` and every catalogue up to date: new sentences come in without
a translation, old ones go, translations stay, and nothing is guessed. `--check` says what keeps them from being
complete, and ends with 1 if anything does. Run it from the root of a checkout.

The files hold neither dates nor places in the source, so they change only when a sentence does. The source is read as a
syntax tree and not by Babel's extractor, which makes one sentence of the two in `say("a" if many else "b")` and drops a
context that is no literal; here both are said to be wrong, or read right.
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Iterable, Iterator
from gettext import c2py
from pathlib import Path
from typing import Final, NamedTuple

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po

from tutorcore.lessons.refusals import DISCREET, PRECEDENCE
from tutorcore.text.gettext_files import written
from tutorcore.text.locales import ENGLISH, LOCALES
from tutorcore.text.refusals import CONTEXT, msgid
from tutorcore.text.sentences import parts, placeholders

SOURCE: Final = Path("src/tutorcore/text")
FOLDER: Final = SOURCE / "catalogues"
TEMPLATE: Final = "messages.pot"
TRANSLATED: Final = tuple(locale for locale in LOCALES if locale != ENGLISH)

SAME: Final[dict[str, frozenset[str]]] = {
    "de": frozenset({"Problem", "Tutor"}),
    "es": frozenset({"Tutor"}),
    "fr": frozenset({"Commission", "%(mark)s (%(count)s points)", "%(mark)s (%(count)s point)"}),
}
"""By language, the sentences whose translation is what they are in English."""

LATIN: Final = frozenset({"UTC"})
"""The words in Latin letters that stand in sentences of other scripts too."""

_HEADER: Final = "# Sentences of tutorcore, to be translated."
_MADE: Final = """\
# Sentences of tutorcore in {language}.
# Machine-made, and not yet reviewed by anybody whose language it is.
# People are addressed formally throughout."""
_SENTENCE_AT: Final = {"say": 0, "sentence": 0, "say_in": 1, "sentence_in": 1, "count": 0}
_OTHER_SCRIPTS: Final = frozenset({"ja", "zh_Hans", "ar", "ru"})
_LATIN_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_ENDS: Final = {".": ".。", "?": "?？؟", "!": "!！", ":": ":："}
_MANY_NUMBERS: Final = range(1000)


class Sentence(NamedTuple):
    """What is to be translated: one wording, or two for one and many, and the context that tells it from others."""

    wordings: tuple[str, ...]
    context: str | None


class Unreadable(ValueError):
    """A sentence in the source that cannot be extracted; the message says where and why."""


# What is to be translated


def sentences() -> list[Sentence]:
    """Return every sentence once, in an order that depends on nothing but themselves; raise `Unreadable`."""
    found = {each for file in sorted(SOURCE.rglob("*.py")) for each in sentences_in(file.read_text("utf-8"), str(file))}
    found |= {Sentence((msgid(text),), CONTEXT) for said in (PRECEDENCE, DISCREET) for text in said.values()}
    return sorted(found, key=lambda each: (each.context or "", each.wordings))


def sentences_in(source: str, file: str) -> Iterator[Sentence]:
    """Yield the sentences that a module says or marks; raise `Unreadable` for one that is put together there."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and (name := _called(node)) in _SENTENCE_AT:
            try:
                yield from _said(name, node.args)
            except Unreadable as error:
                raise Unreadable(f"{file}:{node.lineno}: {error}") from None


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _said(name: str, arguments: list[ast.expr]) -> Iterator[Sentence]:
    at = _SENTENCE_AT[name]
    if len(arguments) <= at:
        return
    if name == "count":
        pair = tuple(text for argument in arguments[:2] for text in _texts(argument))
        if len(arguments) >= 3 and len(pair) == 2:
            yield Sentence(pair, None)
        return
    texts = list(_texts(arguments[at]))
    context = _context(arguments[0]) if at and texts else None
    for text in texts:
        yield Sentence((text,), context)


def _context(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case _:
            raise Unreadable("the context of a sentence is worked out; expected a text beside the sentence's own")


def _texts(node: ast.expr) -> Iterator[str]:
    """The texts that an argument may be; none for one that was marked elsewhere."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=body, orelse=orelse):
            yield from _texts(body)
            yield from _texts(orelse)
        case ast.JoinedStr() | ast.BinOp():
            raise Unreadable("a sentence is put together; expected one whole text with %(name)s in it")


# The files


def template() -> bytes:
    """Return `messages.pot`."""
    catalog = Catalog(fuzzy=False, header_comment=_HEADER)
    for each in sentences():
        catalog.add(_id(each), context=each.context)
    return written(catalog)


def updated(locale: str, wanted: Iterable[Sentence], before: Catalog) -> bytes:
    """Return a language's catalogue with these sentences and those translations of theirs that there were."""
    language = Locale.parse(locale).get_display_name(ENGLISH)
    catalog = Catalog(locale=locale, fuzzy=False, header_comment=_MADE.format(language=language))
    for each in wanted:
        known = before.get(_id(each), each.context)
        fits = known is not None and not known.fuzzy and len(_strings(known)) == _forms(catalog, each)
        string = known.string if known is not None and fits else None
        catalog.add(_id(each), string, context=each.context)
    return written(catalog)


def read(locale: str, folder: Path = FOLDER) -> Catalog:
    """Return a language's catalogue as it stands in its file; an empty one if there is none."""
    file = folder / f"{locale}.po"
    return _read(file, locale) if file.exists() else Catalog(locale=locale)


def _read(file: Path, locale: str | None = None) -> Catalog:
    return read_po(io.BytesIO(file.read_bytes()), locale=locale, abort_invalid=True)


def files() -> dict[Path, bytes]:
    """Return every file as it should be, with the translations that there are."""
    wanted = sentences()
    found = {FOLDER / TEMPLATE: template()}
    return found | {FOLDER / f"{locale}.po": updated(locale, wanted, read(locale)) for locale in TRANSLATED}


def _id(sentence: Sentence) -> str | tuple[str, str]:
    return sentence.wordings[0] if len(sentence.wordings) == 1 else (sentence.wordings[0], sentence.wordings[1])


def _forms(catalog: Catalog, sentence: Sentence) -> int:
    return 1 if len(sentence.wordings) == 1 else catalog.num_plurals


def _strings(message: Message) -> tuple[str, ...]:
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(string)


# What is wrong with them


def stale() -> list[str]:
    """Return the files that hold other sentences than they should."""
    wanted = {(each.context, _id(each)) for each in sentences()}
    return [
        f"{path}: not up to date; run python -m tools.catalogues --write"
        for path in (FOLDER / TEMPLATE, *(FOLDER / f"{locale}.po" for locale in TRANSLATED))
        if not path.exists() or {(each.context, each.id) for each in _read(path) if each.id} != wanted
    ]


def incomplete(locale: str, catalog: Catalog, wanted: Iterable[Sentence]) -> list[str]:
    """Return what keeps a language's catalogue from saying all these sentences."""
    found = [] if catalog.plural_forms == str(get_plural(locale)) else [f"plural forms: {catalog.plural_forms}"]
    for each in wanted:
        message = catalog.get(_id(each), each.context)
        problems = ["is not there"] if message is None else list(_problems(locale, each, message, catalog))
        label = each.wordings[0] if each.context is None else f"{each.context}: {each.wordings[0]}"
        found += [f"{label!r} {problem}" for problem in problems]
    return found


def _problems(locale: str, sentence: Sentence, message: Message, catalog: Catalog) -> Iterator[str]:
    strings = _strings(message)
    if message.fuzzy:
        yield "is marked as a guess"
    if not all(strings) or len(strings) != _forms(catalog, sentence):
        yield "has no translation" if not any(strings) else "is translated in part"
        return
    for form, text in enumerate(strings):
        if sum(placeholders(text) != placeholders(wording) for wording in sentence.wordings) == len(sentence.wordings):
            lacking = placeholders(sentence.wordings[-1]) ^ placeholders(text)
            if lacking != {"count"} or len(_numbers(catalog, form)) > 1:
                yield f"has other placeholders than {text!r}"
        yield from _wording_problems(locale, sentence.wordings[-1], text)


def _numbers(catalog: Catalog, form: int) -> list[int]:
    """The numbers that a plural form is for, of the first thousand."""
    form_of = c2py(catalog.plural_expr)
    return [number for number in _MANY_NUMBERS if form_of(number) == form]


def _wording_problems(locale: str, wording: str, text: str) -> Iterator[str]:
    plain, translated = _plain(wording), _plain(text)
    if text != text.strip() and wording == wording.strip():
        yield f"has blanks around {text!r}"
    if text == wording and any(map(str.isalpha, plain)) and wording not in SAME.get(locale, ()):
        yield "is not translated"
    ends = _ENDS.get(wording[-1:])
    if ends is not None and text[-1:] not in ends:
        yield f"ends otherwise than {text!r}"
    latin = {word for word in _LATIN_WORD.findall(translated) if word not in LATIN}
    if locale in _OTHER_SCRIPTS and latin:
        yield f"has {', '.join(sorted(latin))} left in {text!r}"


def _plain(text: str) -> str:
    """The words of a sentence, without its placeholders."""
    return " ".join(piece for piece, is_place in parts(text) if not is_place)


def main() -> int:
    """Write the files, or say what is wrong with them; return the exit code."""
    wanted = sentences()
    if sys.argv[1:] == ["--write"]:
        for path, content in files().items():
            path.write_bytes(content)
    elif sys.argv[1:] != ["--check"]:
        sys.stderr.write("usage: python -m tools.catalogues --write | --check\n")
        return 2
    found = stale()
    for locale in TRANSLATED:
        problems = incomplete(locale, read(locale), wanted)
        found += [f"{locale}: {problem}" for problem in problems]
        sys.stderr.write(f"{locale}: {len(wanted)} sentences, {len(problems)} problems\n")
    if sys.argv[1:] == ["--check"]:
        sys.stdout.writelines(f"{problem}\n" for problem in found)
        return 1 if found else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
