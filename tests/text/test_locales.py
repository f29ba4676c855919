from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.text.locales import ENGLISH, LOCALES, PSEUDO, best_locale, lineage, own_locales


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("de_AT.UTF-8", "de"),
        ("de_DE@euro", "de"),
        ("sr_RS.UTF-8@latin", "en"),
        ("ca_ES@valencia", "en"),
        ("es-419", "es"),
        ("fr-Latn-CA", "fr"),
        ("de-DE-1996", "de"),
        ("de-u-co-phonebk", "de"),
        ("ja_JP.eucJP", "ja"),
        ("ar-EG", "ar"),
        ("ru-UA", "ru"),
        ("zh", "zh_Hans"),
        ("zh-CN", "zh_Hans"),
        ("zh_SG", "zh_Hans"),
        ("zh-Hans", "zh_Hans"),
        ("zh-hans-cn", "zh_Hans"),
        ("zh-TW", "zh_Hans"),
        ("zh-Hant-HK", "zh_Hans"),
        ("cmn-Hans", "zh_Hans"),
        ("yue-HK", "zh_Hans"),
        ("pt-BR", "en"),
        ("tlh", "en"),
        ("C", "en"),
        ("C.UTF-8", "en"),
        ("POSIX", "en"),
        ("en_XA", "en_XA"),
        ("en-XA", "en_XA"),
    ],
)
def test_a_reader_gets_the_nearest_language_there_is(wanted: str, found: str) -> None:
    """Regions, scripts and encodings are passed over; who reads Chinese gets Chinese; the last choice is English."""
    assert best_locale(wanted) == found


@pytest.mark.parametrize("locale", [*LOCALES, PSEUDO])
def test_every_language_finds_itself(locale: str) -> None:
    """A name in use here is also a name to ask with."""
    assert best_locale(locale) == locale


@pytest.mark.parametrize(
    "junk",
    ["", " ", "d", "german", "de AT", "de/../../etc", "de\n", "12", "*", "de;q=0.9", "-", "_", "de-", "de.", "ⅾe"],
)
def test_what_names_no_language_is_refused(junk: str) -> None:
    """A name that cannot be meant is a mistake of the caller, and not a wish for English."""
    with pytest.raises(InvalidValue, match="locale is .*; expected the name of a language"):
        best_locale(junk)


def test_only_a_text_names_a_language() -> None:
    """None is not a language either."""
    with pytest.raises(InvalidType, match="locale is None"):
        best_locale(None)  # type: ignore[arg-type]  # that is the point


@given(st.text(max_size=40))
def test_any_text_is_answered_or_refused(text: str) -> None:
    """Whatever a person's settings hold, the answer is a language or `InvalidValue`."""
    try:
        found = best_locale(text)
    except InvalidValue:
        return

    assert found in {*LOCALES, PSEUDO}


@given(st.from_regex(r"[a-z]{2,3}([-_][A-Za-z]{4})?([-_][A-Z]{2})?", fullmatch=True))
def test_every_lineage_ends_in_english(wanted: str) -> None:
    """The names go from the nearest to English, none of them twice."""
    names = lineage(wanted)

    assert names[-1] == ENGLISH
    assert len(set(names)) == len(names)


def test_languages_of_the_embedder_count_too(tmp_path: Path) -> None:
    """A folder with more languages, or nearer ones, is looked at as well."""
    for name in ("pt.po", "de_AT.po", "zh_Hant.mo", "no.po", "README.md"):
        (tmp_path / name).touch()

    assert list(own_locales(tmp_path)) == ["de_AT", "no", "pt", "zh_Hant"]
    assert best_locale("pt-BR", tmp_path) == "pt"
    assert best_locale("de-AT", tmp_path) == "de_AT"
    assert best_locale("de-CH", tmp_path) == "de"
    assert best_locale("zh-TW", tmp_path) == "zh_Hant"
    assert best_locale("nb-NO", tmp_path) == "no"


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A wrong path is said at once, and not passed over in English."""
    with pytest.raises(InvalidValue, match="folder of catalogues"):
        best_locale("de", tmp_path / "nowhere")
