from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from hypothesis import example, given
from hypothesis import strategies as st

from tutorcore.calendar.zones.wall_time import zone_names
from tutorcore.errors import InvalidType, InvalidValue, UnknownName
from tutorcore.instants import instant
from tutorcore.text.locales import LOCALES, PSEUDO
from tutorcore.text.words import LONGEST_NAME, Words, cleaned, words_for

_SPRING = instant("2026-03-30T09:00:00Z")
_MARKS = str.maketrans("\u00a0\u202f", "  ", "\u200e\u200f\u061c\u2066\u2067\u2068\u2069")

_SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


def _seen(text: str) -> str:
    """The text as a reader sees it: blanks of all widths are blanks, marks of direction are nothing."""
    return text.translate(_MARKS)


def _folder(path: Path, **catalogues: str) -> Path:
    for locale, text in catalogues.items():
        (path / f"{locale}.po").write_text(text, encoding="utf-8")
    return path


# Instants


@pytest.mark.parametrize(
    ("locale", "day", "clock"),
    [
        ("en", "Monday, March 30, 2026", "11:00"),
        ("de", "Montag, 30. März 2026", "11:00"),
        ("es", "lunes, 30 de marzo de 2026", "11:00"),
        ("fr", "lundi 30 mars 2026", "11:00"),
        ("ja", "2026年3月30日月曜日", "11:00"),
        ("zh_Hans", "2026年3月30日星期一", "11:00"),
        ("ar", "الاثنين، 30 مارس 2026", "11:00"),
        ("ru", "понедельник, 30 марта 2026 г.", "11:00"),
        (PSEUDO, "Monday, March 30, 2026", "11:00"),
    ],
)
def test_each_language_writes_dates_in_its_own_way(locale: str, day: str, clock: str) -> None:
    """The weekday is named, the clock has 24 hours, and an instant has both with its offset."""
    words = words_for(locale)

    assert _seen(words.day(_SPRING, "Europe/Berlin")) == day
    assert words.clock(_SPRING, "Europe/Berlin") == clock
    assert all(part in _seen(words.instant(_SPRING, "Europe/Berlin")) for part in (day, clock, "UTC+02:00"))


@pytest.mark.parametrize(
    ("at", "zone", "said"),
    [
        ("2026-03-30T09:00:00Z", "Europe/Berlin", "Monday, March 30, 2026, 11:00 (UTC+02:00, Berlin)"),
        # An hour before clocks went forward, and after.
        ("2026-03-29T00:59:59Z", "Europe/Berlin", "Sunday, March 29, 2026, 01:59:59 (UTC+01:00, Berlin)"),
        ("2026-03-29T01:00:00Z", "Europe/Berlin", "Sunday, March 29, 2026, 03:00 (UTC+02:00, Berlin)"),
        # Both passes of an hour that comes twice: the same time of day, told apart by the offset.
        ("2026-11-01T05:30:00Z", "America/New_York", "Sunday, November 1, 2026, 01:30 (UTC-04:00, New York)"),
        ("2026-11-01T06:30:00Z", "America/New_York", "Sunday, November 1, 2026, 01:30 (UTC-05:00, New York)"),
        # British Columbia stays at UTC-7 from 2026 on: no "PST" that would mean another offset elsewhere.
        ("2026-12-01T20:00:00Z", "America/Vancouver", "Tuesday, December 1, 2026, 13:00 (UTC-07:00, Vancouver)"),
        # Cairo's clocks skip midnight: the day begins at one.
        ("2026-04-23T21:59:59Z", "Africa/Cairo", "Thursday, April 23, 2026, 23:59:59 (UTC+02:00, Cairo)"),
        ("2026-04-23T22:00:00Z", "Africa/Cairo", "Friday, April 24, 2026, 01:00 (UTC+03:00, Cairo)"),
        ("2026-01-01T00:00:00Z", "Asia/Kathmandu", "Thursday, January 1, 2026, 05:45 (UTC+05:45, Kathmandu)"),
        ("2026-01-01T00:00:00Z", "Asia/Calcutta", "Thursday, January 1, 2026, 05:30 (UTC+05:30, Kolkata)"),
        ("2026-06-01T00:00:00Z", "America/Indiana/Knox", "Sunday, May 31, 2026, 19:00 (UTC-05:00, Knox, Indiana)"),
        ("2026-01-01T00:00:00Z", "Europe/London", "Thursday, January 1, 2026, 00:00 (UTC, London)"),
        ("2026-01-01T00:00:00Z", "UTC", "Thursday, January 1, 2026, 00:00 (UTC)"),
        ("2026-01-01T00:00:00Z", "Etc/GMT+5", "Wednesday, December 31, 2025, 19:00 (UTC-05:00)"),
        # Fractions of a second are cut off, never rounded up: nobody is shown a later deadline than there is.
        ("2026-01-01T00:00:59.999999Z", "UTC", "Thursday, January 1, 2026, 00:00:59 (UTC)"),
        ("2026-01-01T00:00:00.500000Z", "UTC", "Thursday, January 1, 2026, 00:00 (UTC)"),
        # Before there were zones: local mean time.
        ("1901-01-01T00:00:00Z", "Africa/Monrovia", "Monday, December 31, 1900, 23:16:52 (UTC-00:43:08, Monrovia)"),
    ],
)  # fmt: skip
def test_an_instant_says_whose_clock_it_is(at: str, zone: str, said: str) -> None:
    """Date, time, the offset of that very instant, and the city."""
    assert words_for("en").instant(instant(at), zone) == said


@pytest.mark.parametrize(
    ("locale", "city"),
    [("de", "Kairo"), ("es", "El Cairo"), ("fr", "Le Caire"), ("ja", "カイロ"), ("zh_Hans", "开罗"), ("ru", "Каир")],
)
def test_cities_have_their_names_in_the_language(locale: str, city: str) -> None:
    """A city is called as the reader calls it."""
    assert city in words_for(locale).instant(_SPRING, "Africa/Cairo")


@pytest.mark.parametrize("locale", [*LOCALES, PSEUDO])
def test_every_zone_can_be_written_in_every_language(locale: str) -> None:
    """No zone of the database lacks a name or breaks the line, and none but UTC itself is without a number."""
    words = words_for(locale)
    said = [words.instant(_SPRING, zone) for zone in sorted(zone_names())]

    assert all("UTC" in each and each.isprintable() for each in map(_seen, said))
    assert not any("Unknown" in each or "\u00ad" in each or "/" in each for each in said)


def test_a_zone_that_does_not_exist_is_refused() -> None:
    """No instant is shown on a clock that nobody has."""
    with pytest.raises(UnknownName, match="Berlin"):
        words_for("en").instant(_SPRING, "Berlin")


# Lengths


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(0), "0 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=90), "1 hour and 30 minutes"),
        (timedelta(hours=47, minutes=50), "47 hours and 50 minutes"),
        (timedelta(days=2), "48 hours"),
        (timedelta(days=30), "720 hours"),
        (timedelta(hours=1, seconds=1), "1 hour and 1 second"),
        (timedelta(hours=24, minutes=1, seconds=2), "24 hours, 1 minute, and 2 seconds"),
        (timedelta(microseconds=1), "1 microsecond"),
        (timedelta(seconds=1, microseconds=500_000), "1 second and 500,000 microseconds"),
    ],
)
def test_a_length_is_written_to_the_last_second(length: timedelta, said: str) -> None:
    """Nothing is rounded, and hours are not turned into days, which may have 23 or 25 of them."""
    assert words_for("en").span(length) == said


@pytest.mark.parametrize(
    ("locale", "hours", "minutes"),
    [
        ("de", "47 Stunden", "50 Minuten"),
        ("es", "47 horas", "50 minutos"),
        ("fr", "47 heures", "50 minutes"),
        ("ja", "47 時間", "50 分"),
        ("zh_Hans", "47小时", "50分钟"),
        ("ar", "47 ساعة", "50 دقيقة"),
        ("ru", "47 часов", "50 минут"),
    ],
)
def test_lengths_are_exact_in_every_language(locale: str, hours: str, minutes: str) -> None:
    """The same two numbers stand in every language."""
    said = _seen(words_for(locale).span(timedelta(hours=47, minutes=50)))

    assert hours in said
    assert minutes in said


def test_no_length_is_below_nothing() -> None:
    """A length runs forward."""
    with pytest.raises(InvalidValue, match="length is '-1 day, 23:59:59'"):
        words_for("en").span(timedelta(seconds=-1))


# Money and numbers


@pytest.mark.parametrize(
    ("locale", "dollars", "credits"),
    [
        ("en", "$1,234.50", "25.0 ITC"),
        ("de", "1.234,50 $", "25,0 ITC"),
        ("es", "1.234,50 US$", "25,0 ITC"),
        ("fr", "1 234,50 $US", "25,0 ITC"),
        ("ja", "$1,234.50", "25.0 ITC"),
        ("zh_Hans", "US$1,234.50", "25.0 ITC"),
        ("ar", "1,234.50 US$", "25.0 ITC"),
        ("ru", "1 234,50 $", "25,0 ITC"),
    ],
)
def test_money_is_written_as_the_language_does(locale: str, dollars: str, credits: str) -> None:
    """A currency with a sign has it where the language puts it; a unit of the platform's own has its code."""
    words = words_for(locale)

    assert _seen(words.money(123450, "USD", 2)) == dollars
    assert _seen(words.money(250, "ITC", 1)) == credits


@pytest.mark.parametrize(
    ("minor", "code", "exponent", "said"),
    [
        (0, "USD", 2, "$0.00"),
        (-5, "USD", 2, "-$0.05"),
        (5, "KWD", 3, "0.005 KWD"),
        (5000, "JPY", 0, "¥5,000"),
        (5000, "JPY", 2, "¥50.00"),  # The registered decimals, whatever is usual for a code.
        (10**18, "EUR", 2, "€10,000,000,000,000,000.00"),
        (10**18 - 1, "XTC", 8, "9,999,999,999.99999999 XTC"),
        (-1, "ITC", 0, "-1 ITC"),
    ],
)
def test_money_has_the_decimals_of_its_own_unit(minor: int, code: str, exponent: int, said: str) -> None:
    """Every minor unit is there, at any size."""
    assert _seen(words_for("en").money(minor, code, exponent)) == said


@given(
    st.sampled_from([*LOCALES, PSEUDO]),
    st.integers(-(10**18), 10**18),
    st.integers(0, 8),
    st.sampled_from(["USD", "EUR", "JPY", "ITC"]),
)
@example("es", 10**18, 0, "USD")
def test_no_minor_unit_is_lost(locale: str, minor: int, exponent: int, code: str) -> None:
    """The digits of an amount are its minor units, in every language."""
    said = words_for(locale).money(minor, code, exponent)

    assert int("".join(filter(str.isdigit, said))) == abs(minor)
    assert ("-" in said or "−" in said) == (minor < 0)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (-1234, "-1,234"),
        (Fraction(1, 2), "0.5"),
        (Fraction(-5, 4), "-1.25"),
        (Fraction(1, 3), "1/3"),
        (Fraction(-1, 3), "-1/3"),
        (Fraction(100, 3), "33 1/3"),
        (Fraction(-100, 3), "-33 1/3"),
        (Fraction(1, 2**40), "1/1099511627776"),
    ],
)
def test_numbers_are_exact(value: int | Fraction, said: str) -> None:
    """Decimals where they end soon, a fraction where they do not."""
    assert words_for("en").number(value) == said


@pytest.mark.parametrize("value", [0.5, True, "1"])
def test_numbers_are_whole_or_fractions(value: object) -> None:
    """A float has already lost something."""
    with pytest.raises(InvalidType, match="floats are refused"):
        words_for("en").number(value)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize(
    ("locale", "share", "said"),
    [
        ("en", Fraction(15, 100), "15%"),
        ("en", Fraction(1), "100%"),
        ("en", Fraction(1, 3), "33 1/3%"),
        ("en", Fraction(1, 1000), "0.1%"),
        ("de", Fraction(125, 1000), "12,5 %"),
        ("fr", Fraction(15, 100), "15 %"),
        ("ar", Fraction(15, 100), "15%"),
    ],
)
def test_percentages_are_exact(locale: str, share: Fraction, said: str) -> None:
    """A third is not 33 per cent."""
    assert _seen(words_for(locale).percent(share)) == said


# Lists


@pytest.mark.parametrize(
    ("locale", "both", "either"),
    [
        ("en", "a, b, and c", "a, b, or c"),
        ("de", "a, b und c", "a, b oder c"),
        ("es", "a, b y c", "a, b o c"),
        ("fr", "a, b et c", "a, b ou c"),
        ("ja", "a、b、c", "a、b、またはc"),
        ("zh_Hans", "a、b和c", "a、b或c"),
        ("ar", "a وb وc", "a أو b أو c"),
        ("ru", "a, b и c", "a, b или c"),
    ],
)
def test_lists_are_joined_as_the_language_does(locale: str, both: str, either: str) -> None:
    """All of them, or any of them."""
    words = words_for(locale)

    assert _seen(words.listed("abc")) == both
    assert _seen(words.listed("abc", "or")) == either


def test_short_lists_need_no_word_between() -> None:
    """One item stands alone, and no items are no text."""
    assert words_for("en").listed(["a"]) == "a"
    assert words_for("en").listed(iter([])) == ""


# Sentences


def test_english_is_its_own_catalogue() -> None:
    """What is said in English is the sentence as it was written."""
    words = words_for("en")

    assert words.say("%(who)s pays 50%%.", who="Ada") == "Ada pays 50%."
    assert words.say_in("anything", "Yes.") == "Yes."
    assert words.count("%(count)s lesson", "%(count)s lessons", 1) == "1 lesson"
    assert words.count("%(count)s lesson of %(who)s", "%(count)s lessons of %(who)s", 1200, who="Ada") == (
        "1,200 lessons of Ada"
    )


def test_a_placeholder_may_have_any_name() -> None:
    """A value can be called as the parameters are."""
    said = words_for("en").say_in("c", "%(context)s %(sentence)s %(self)s", context="a", sentence="b", self="c")

    assert said == "a b c"


def test_plurals_follow_the_language(tmp_path: Path) -> None:
    """Russian has three forms, and the number decides which."""
    _folder(
        tmp_path,
        ru='msgid "%(count)s calendar day"\nmsgid_plural "%(count)s calendar days"\n'
        'msgstr[0] "%(count)s кот"\nmsgstr[1] "%(count)s кота"\nmsgstr[2] "%(count)s котов"\n',
    )
    words = words_for("ru", tmp_path)

    said = [
        words.count("%(count)s calendar day", "%(count)s calendar days", count) for count in (0, 1, 2, 5, 11, 21, 22)
    ]
    assert said == ["0 котов", "1 кот", "2 кота", "5 котов", "11 котов", "21 кот", "22 кота"]


# The embedder's words


def test_the_embedder_s_catalogue_is_asked_first(tmp_path: Path) -> None:
    """Their sentence is said instead of ours, the English one included."""
    changed = 'msgctxt "role"\nmsgid "the tutor"\nmsgstr "{}"\n'
    _folder(tmp_path, en=changed.format("the coach"), de=changed.format("die Trainerin"))

    assert words_for("en", tmp_path).say_in("role", "the tutor") == "the coach"
    assert words_for("de", tmp_path).say_in("role", "the tutor") == "die Trainerin"
    assert words_for("en").say_in("role", "the tutor") == "the tutor"


def test_a_nearer_catalogue_comes_before_a_farther_one(tmp_path: Path) -> None:
    """Austrian German, then German, then English in the embedder's words, then the sentence itself."""
    one = 'msgctxt "reason"\nmsgid "one"\nmsgstr "{0}"\n'
    two = 'msgctxt "reason"\nmsgid "two"\nmsgstr "{0}"\n'
    three = 'msgctxt "reason"\nmsgid "three"\nmsgstr "{0}"\n'
    _folder(
        tmp_path,
        de_AT=one.format("eins in Wien"),
        de="\n".join(each.format("deutsch") for each in (one, two)),
        en="\n".join(each.format("english") for each in (one, two, three)),
    )
    words = words_for("de-AT", tmp_path)

    assert words.locale == "de_AT"
    assert [words.say_in("reason", each) for each in ("one", "two", "three", "four")] == [
        "eins in Wien",
        "deutsch",
        "english",
        "four",
    ]


def test_a_language_that_only_the_embedder_has_is_one_more(tmp_path: Path) -> None:
    """Their Portuguese gets Portuguese dates, and English for what it leaves out."""
    _folder(tmp_path, pt='msgid "Details"\nmsgstr "Sim."\n')
    words = words_for("pt_BR", tmp_path)

    assert words.say("Details") == "Sim."
    assert words.say("Note") == "Note"
    assert words.day(_SPRING, "UTC") == "segunda-feira, 30 de março de 2026"


def test_a_language_that_nobody_has_dates_of_writes_them_in_english(tmp_path: Path) -> None:
    """A made-up language may still have sentences."""
    words = words_for("tlh", _folder(tmp_path, tlh='msgid "Details"\nmsgstr "HIja\'"\n'))

    assert words.say("Details") == "HIja'"
    assert words.day(_SPRING, "UTC") == "Monday, March 30, 2026"


def test_a_compiled_catalogue_will_do(tmp_path: Path) -> None:
    """A `.mo` file is read where there is no `.po` of the language."""
    catalog = Catalog(locale="de")
    catalog.add("Details", "Jawohl.")
    catalog.add("the tutor", "die Trainerin", context="role")
    with (tmp_path / "de.mo").open("wb") as file:
        write_mo(file, catalog)

    words = words_for("de", tmp_path)

    assert words.say("Details") == "Jawohl."
    assert words.say_in("role", "the tutor") == "die Trainerin"


def test_what_is_not_translated_or_only_guessed_counts_as_not_there(tmp_path: Path) -> None:
    """An empty or a fuzzy translation is passed over, not sent, and no mistake whatever its key."""
    text = 'msgid "Details"\nmsgstr ""\n\n#, fuzzy\nmsgid "Note"\nmsgstr "vielleicht"\n\nmsgid "gone"\nmsgstr ""\n'
    words = words_for("de", _folder(tmp_path, de=text, en='msgid "Details"\nmsgstr "More"\n'))

    assert words.say("Details") == "Einzelheiten"
    assert words.say("Note") == "Anmerkung"
    assert words_for("pt", tmp_path).say("Details") == "More"


def test_a_locale_without_a_catalogue_is_refused() -> None:
    """`Words` takes the name of a catalogue; `words_for` finds the nearest."""
    with pytest.raises(InvalidValue, match="locale is 'de_AT'; expected one of which there is a catalogue: ar, de, en"):
        Words("de_AT")
    assert words_for("de_AT").locale == "de"


def test_words_are_made_once() -> None:
    """Many spellings of one language share what was read."""
    assert words_for("de") is words_for("de-AT") is words_for("de_DE.UTF-8")


# The pseudo-locale


def test_the_pseudo_locale_shows_what_is_not_translated() -> None:
    """Every sentence gets brackets, length and accents; what stays plain never went through a catalogue."""
    words = words_for(PSEUDO)

    assert words.say("Hello, %(name)s, 50%%.", name="Ada") == "[Ĥéļļö, Ada, 50%. ········]"
    assert words.say_in("state", "agreed") == "[åĝŕééð ··]"
    assert words.count("one", "many", 2) == "[ɱåñý ·]"


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "P", "Zs"]), min_size=1))
def test_the_pseudo_locale_leaves_no_plain_letter(text: str) -> None:
    """So a plain letter in a letter to a reader is a value, a date, or a mistake."""
    said = words_for(PSEUDO).say(text.replace("%", ""))

    assert not any(character.isascii() and character.isalpha() for character in said)
    assert len(said) > len(text.replace("%", ""))


# What users have written


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Ada", "Ada"),
        ("  Ada \t Lovelace\u00a0 ", "Ada Lovelace"),
        ("Ada\r\nBcc: all@example.org", "Ada Bcc: all@example.org"),
        ("a\u2028b\u2029c\x85d\x0be\x00f", "a b c d e f"),
        ("\u202egpj.exe", "gpj.exe"),
        ("\u2066a\u2069\u200f\ufeff\u00ad", "a"),
        ("a\ud800b", "ab"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🏫", "👩\u200d🏫"),
        (_SCOTLAND, _SCOTLAND),
        ("é" * 80, "é" * 80),
        ("é" * 81, "é" * 79 + "…"),
        ("a" * 78 + "e\u0301\u0302bc", "a" * 78 + "…"),
        ("a " * 60, "a " * 39 + "a…"),
        ("", ""),
        (" \n\u200b ", ""),
    ],
)  # fmt: skip
def test_a_name_is_made_fit_for_one_line(text: str, line: str) -> None:
    """No line breaks, no marks that turn text around, and no more than fits; letters of all scripts stay."""
    assert cleaned(text) == line


@given(st.text(max_size=200))
def test_a_cleaned_text_is_one_short_line(text: str) -> None:
    """Cleaning is done once and for all, and what is left can be stored, split and sent."""
    line = cleaned(text)

    assert cleaned(line) == line
    assert len(line) <= LONGEST_NAME
    assert line.splitlines() == ([line] if line else [])
    assert line.encode("utf-8").decode("utf-8") == line


@pytest.mark.parametrize("locale", [*LOCALES, PSEUDO])
def test_a_user_s_text_is_quoted(locale: str) -> None:
    """It stands between quotation marks, on one line, whatever is in it."""
    said = _seen(words_for(locale).quoted("%(x)s\nno"))

    assert "%(x)s no" in said
    assert len(said) > len("%(x)s no")


def test_text_against_the_direction_is_kept_in_one_piece() -> None:
    """A Latin name in Arabic and an Arabic name in English get marks around them; others are left alone."""
    english, arabic = words_for("en"), words_for("ar")

    assert english.direction == "ltr"
    assert arabic.direction == "rtl"
    assert english.say("%(who)s", who="Ada Å") == "Ada Å"
    assert english.say("%(who)s", who="ليلى") == "\u2068ليلى\u2069"
    assert arabic.say("%(who)s", who="Ada") == "\u2068Ada\u2069"
    assert arabic.say("%(who)s", who="ليلى 7") == "ليلى 7"
    assert arabic.say("%(who)s", who=arabic.say("%(who)s", who="Ada")) == "\u2068Ada\u2069"


# Being light


def test_words_load_babel_only_when_a_language_is_used() -> None:
    """Whoever imports texts and never says one pays nothing for them."""
    code = "import sys, tutorcore.text, tutorcore.text.names, tutorcore.text.words; sys.exit('babel' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
