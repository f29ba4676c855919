"""Locales: which languages there are, and which of them a reader gets who asked for any other.

Knows how languages are named (`de-AT`, `de_AT.UTF-8`, `zh-TW`), in the spellings of the web and of operating systems;
knows neither words nor dates. The names in use here are those of the catalogues' files: `de`, `zh_Hans`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final

from tutorcore.errors import InvalidType, InvalidValue

ENGLISH: Final = "en"
PSEUDO: Final = "en_XA"
"""English with accents, brackets and greater length: what is not written like that was never meant to be translated."""

LOCALES: Final[tuple[str, ...]] = (ENGLISH, "de", "es", "fr", "ja", "zh_Hans", "ar", "ru")
"""The languages whose catalogues are complete."""

_WRITTEN: Final = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{1,8})*)(?:\.[\w-]{1,20})?(?:@[\w-]{1,20})?", re.ASCII)
_NONE_IN_PARTICULAR: Final = frozenset({"C", "POSIX"})
_SCRIPT: Final = re.compile(r"[A-Za-z]{4}")
_REGION: Final = re.compile(r"[A-Za-z]{2}|[0-9]{3}")

# One written language of several names, and the scripts that a region reads where nothing else is said.
_ALSO: Final = {"cmn": "zh", "yue": "zh", "nb": "no", "nn": "no", "iw": "he", "in": "id"}
_SCRIPT_OF: Final = {("zh", region): "Hant" for region in ("TW", "HK", "MO")}
_SCRIPT_ELSE: Final = {"zh": "Hans"}


def best_locale(wanted: str, own: Path | None = None) -> str:
    """Return the language to write in for a reader who asked for `wanted`: English if there is nothing nearer.

    Takes the spellings of the web and of operating systems. Languages of which the folder `own` has a catalogue
    count too. Whoever reads Chinese in another script gets the Chinese there is before English.

    >>> best_locale("de-AT"), best_locale("zh_TW.UTF-8"), best_locale("pt-BR")
    ('de', 'zh_Hans', 'en')

    Raises `InvalidValue` for what names no language in any of these spellings.
    """
    known = {*LOCALES, PSEUDO, *own_locales(own)}
    return next((name for name in lineage(wanted) if name in known), ENGLISH)


def lineage(wanted: str) -> tuple[str, ...]:
    """Return the names under which a language's catalogues are looked for, nearest first; the last is English.

    >>> lineage("zh-TW")
    ('zh_Hant_TW', 'zh_TW', 'zh_Hant', 'zh', 'zh_Hans', 'en')
    """
    if not isinstance(wanted, str):
        raise InvalidType("locale", wanted, "a text such as 'de', 'de-AT' or 'zh_Hans'")
    if wanted.partition(".")[0] in _NONE_IN_PARTICULAR:
        return (ENGLISH,)
    found = _WRITTEN.fullmatch(wanted)
    if found is None:
        raise InvalidValue("locale", wanted, "the name of a language, such as 'de', 'de-AT' or 'zh_Hans'")
    language = found[1].lower()
    script, region = _subtags(re.split("[-_]", found[2])[1:])
    names = list(_names(language, script, region))
    if language in _ALSO:
        names += _names(_ALSO[language], script, region)
    plain = _ALSO.get(language, language)
    if plain in _SCRIPT_ELSE:
        names.append(f"{plain}_{_SCRIPT_ELSE[plain]}")
    return tuple(dict.fromkeys((*names, ENGLISH)))


def own_locales(own: Path | None) -> Collection[str]:
    """Return the languages of which a folder has a catalogue, `<locale>.po` or `<locale>.mo`.

    Raises `InvalidType` for anything but a Path, and `InvalidValue` if there is no such folder.
    """
    if own is None:
        return ()
    if not isinstance(own, Path):
        raise InvalidType("folder of catalogues", own, "its Path, such as Path('wording')")
    if not own.is_dir():
        raise InvalidValue("folder of catalogues", str(own), "a folder that exists, with files such as de.po")
    return sorted({file.stem for file in own.iterdir() if file.suffix in (".po", ".mo")})


def _subtags(subtags: list[str]) -> tuple[str, str]:
    """The script and the region among them, as catalogues are named; variants and extensions are passed over."""
    script = region = ""
    for subtag in subtags:
        if _SCRIPT.fullmatch(subtag) and not (script or region):
            script = subtag.title()
        elif _REGION.fullmatch(subtag) and not region:
            region = subtag.upper()
        else:
            break
    return script, region


def _names(language: str, script: str, region: str) -> list[str]:
    script = script or _SCRIPT_OF.get((language, region), "")
    choices = [(language, script, region), (language, region), (language, script), (language,)]
    return ["_".join(filter(None, choice)) for choice in choices]
