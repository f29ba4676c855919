"""Words: one language, its sentences, and how dates, lengths, money, lists and numbers are written in it.

The one module that writes with Babel, which is loaded when the first `Words` is made. What Babel does less than exactly
is done here instead: lengths are never rounded, shares never pass through floats, money has the decimals of its own
unit and no others, and every instant is written with the offset that holds then and the city whose clock it is.

Times of day are of the 24-hour clock in every language: a deadline at "12:00 AM" is one that half its readers miss by
twelve hours. Digits are the European ones throughout. Fractions of a second are cut off, so a deadline is never shown
later than it is.

A value that is written in the other direction than the language (a Latin name in an Arabic sentence) is put between
invisible marks that keep it in one piece.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from tutorcore.calendar.zones.wall_time import to_local
from tutorcore.errors import InvalidType, InvalidValue
from tutorcore.instants import Instant
from tutorcore.text.catalogues import catalogue
from tutorcore.text.locales import best_locale, lineage
from tutorcore.text.sentences import filled, sentence, sentence_in

if TYPE_CHECKING:  # Babel loads when the first language does, so that whoever writes nothing never waits for it.
    from babel import Locale

__all__ = ["Words", "cleaned", "sentence", "sentence_in", "words_for"]

Joint: TypeAlias = Literal["and", "or"]
_Unit: TypeAlias = Literal["hour", "minute", "second"]

LONGEST_NAME: Final = 80
LONGEST_TEXT: Final = 2000
"""How many characters are shown of what people are called, and of what they have written."""

_MOST_LANGUAGES: Final = 64
_MOST_PLACES: Final = 8
_UNDROPPED: Final = 10**9  # The threshold that keeps Babel from going over to a larger unit, and so from rounding.
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)
_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)

_LEFT_TO_RIGHT: Final = frozenset({"L"})
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL"})
_KEPT_APART: Final = re.compile("\u2068[^\u2068\u2069]*\u2069")
_DIGITS: Final = re.compile(r"#,##0(?:\.0+)?|#,##,##0(?:\.0+)?|0(?:\.0+)?")


class Words:
    """One language: `say` its sentences, and write instants, lengths, money, lists and numbers as it does.

    `own` is a folder of the embedder's catalogues, `<locale>.po` or `<locale>.mo`. They are asked before those in the
    box, `en.po` too, so any sentence and any name can be said otherwise. A language that only they have will do as
    well; what they leave out is English then.

    >>> from tutorcore.instants import instant
    >>> words = Words("de")
    >>> words.instant(instant("2026-03-30T09:00:00Z"), "Europe/Berlin")
    'Montag, 30. März 2026, 11:00 (UTC+02:00, Berlin)'

    Raises `InvalidValue` for a locale of which nobody has a catalogue, where `words_for` finds the nearest, and
    `Mistakes` for what is wrong in any file of the folder.
    """

    def __init__(self, locale: str = "en", own: Path | None = None) -> None:
        self.locale: Final = locale
        self._catalogue: Final = catalogue(locale, own)
        self._cldr: Final = _cldr(locale)
        self.direction: Final[Literal["ltr", "rtl"]] = "rtl" if self._cldr.text_direction == "rtl" else "ltr"
        self._foreign: Final = _LEFT_TO_RIGHT if self.direction == "rtl" else _RIGHT_TO_LEFT

    def __repr__(self) -> str:
        return f"<Words: {self.locale}>"

    # Sentences

    def say(self, sentence: str, /, **values: str) -> str:
        """Return the sentence in this language with its `%(name)s` filled.

        The sentence is its English wording, and that is what comes where there is no translation. Raises `InvalidValue`
        if it has a placeholder without a value.
        """
        return self._filled(self._catalogue.gettext(sentence), values)

    def say_in(self, context: str, sentence: str, /, **values: str) -> str:
        """Return what the sentence means in a context: one English word may be several elsewhere."""
        return self._filled(self._catalogue.pgettext(context, sentence), values)

    def word(self, context: str, name: str) -> str | None:
        """Return what the catalogues have for a name that is not of this library; None if they have nothing.

        Such a name is no sentence: whatever is in it, nothing is filled in.
        """
        found = self._catalogue.pgettext(context, name)
        return None if found == name else found

    def count(self, one: str, many: str, count: int, **values: str) -> str:
        """Return the one of both that fits the number, in a language that may have six of them; fills `%(count)s`."""
        found = self._catalogue.ngettext(one, many, count)
        return self._filled(found, {**values, "count": self.number(count)})

    def _filled(self, text: str, values: dict[str, str]) -> str:
        return filled(text, {name: self._in_one_piece(value) for name, value in values.items()})

    def _in_one_piece(self, value: str) -> str:
        """The value, between marks if part of it runs against the direction of this language."""
        if self.direction == "ltr" and value.isascii():
            return value
        open_text = _KEPT_APART.sub("", value)
        if any(unicodedata.bidirectional(character) in self._foreign for character in open_text):
            return f"\u2068{value}\u2069"
        return value

    # Dates and lengths

    def instant(self, at: Instant, zone: str) -> str:
        """Return the whole instant as clocks in the zone show it: "Monday, March 30, 2026, 11:00 (UTC+02:00, Berlin)".

        The offset is that of this very instant, so two passes of one hour differ. Raises `UnknownName` for a zone that
        does not exist.
        """
        day, time, place = self.day(at, zone), self.clock(at, zone), self._place(at, zone)
        return self.say_in("instant", "%(day)s, %(time)s (%(place)s)", day=day, time=time, place=place)

    def day(self, at: Instant, zone: str) -> str:
        """Return the date in the zone with its weekday: "Monday, March 30, 2026"."""
        from babel.dates import format_date

        return format_date(to_local(at, zone), "full", locale=self._cldr)

    def clock(self, at: Instant, zone: str) -> str:
        """Return the time of day in the zone: "11:00", or "11:00:30" where the minute is not whole."""
        from babel.dates import format_time

        local = to_local(at, zone)
        pattern = self._cldr.datetime_skeletons["Hms" if local.second else "Hm"]
        return format_time(local, pattern.pattern, locale=self._cldr)

    def _place(self, at: Instant, zone: str) -> str:
        """Whose clock that is: "UTC+02:00, Berlin", or "UTC"."""
        offset, city = _offset(to_local(at, zone)), self._city(zone)
        return self.say_in("place", "%(offset)s, %(city)s", offset=offset, city=city) if city else offset

    def _city(self, zone: str) -> str:
        """The city after which the zone is called, or nothing: `Etc/GMT+5` is no place."""
        from babel.core import get_global

        name = get_global("zone_aliases").get(zone, zone)
        area, _, key = name.rpartition("/")
        if area in ("", "Etc"):
            return ""
        known = (self._cldr.time_zones.get(each, {}).get("city") for each in (zone, name))
        city = next(filter(None, known), key.replace("_", " "))
        return str(city).replace("\u00ad", "")  # A mark where the city's name may be hyphenated.

    def span(self, length: timedelta) -> str:
        """Return the length exactly, in hours at most, as days are no fixed length: "47 hours and 50 minutes".

        Raises `InvalidValue` for a length below zero.
        """
        if length < timedelta(0):
            raise InvalidValue("length", str(length), "nothing or more")
        hours, rest = divmod(length, _HOUR)
        minutes, rest = divmod(rest, _MINUTE)
        seconds, rest = divmod(rest, _SECOND)
        units: tuple[tuple[int, _Unit], ...] = ((hours, "hour"), (minutes, "minute"), (seconds, "second"))
        parts = [self._units(count, unit) for count, unit in units if count]
        if rest:
            parts.append(self.count("%(count)s microsecond", "%(count)s microseconds", rest // _MICROSECOND))
        if len(parts) == 2:
            return self.say_in("length", "%(more)s and %(less)s", more=parts[0], less=parts[1])
        return self.listed(parts) if parts else self._units(0, "minute")

    def _units(self, count: int, unit: _Unit) -> str:
        from babel.dates import format_timedelta

        length = count * {"hour": _HOUR, "minute": _MINUTE, "second": _SECOND}[unit]
        return format_timedelta(length, granularity=unit, threshold=_UNDROPPED, locale=self._cldr)

    # Money, numbers, lists

    def money(self, minor: int, code: str, exponent: int) -> str:
        """Return an amount of minor units with the sign of its currency, or its code where it has none: "25.0 ITC".

        The decimals are those of the unit as it is registered here, whatever is usual for a currency of that name.
        """
        from babel.numbers import format_currency, get_currency_symbol

        digits = "#,##0" + ("." + "0" * exponent if exponent else "")
        pattern = f"{digits}\u00a0¤"
        if get_currency_symbol(code, self._cldr) != code:
            pattern = _DIGITS.sub(digits, self._cldr.currency_formats["standard"].pattern)
        amount = Decimal(minor).scaleb(-exponent)
        return format_currency(amount, code, pattern, locale=self._cldr, currency_digits=False)

    def number(self, value: int | Fraction) -> str:
        """Return the number exactly: "1,234", "0.5", and "33 1/3" where decimals would not end."""
        from babel.numbers import format_decimal

        share = _exact(value)
        decimal = _decimal(share)
        if decimal is not None:
            return format_decimal(decimal, locale=self._cldr, decimal_quantization=False)
        whole, rest = divmod(abs(share), 1)
        sign = "-" if share < 0 else ""
        part = f"{rest.numerator}/{rest.denominator}"
        return f"{self.number(int(whole) * (-1 if sign else 1))} {part}" if whole else f"{sign}{part}"

    def percent(self, share: Fraction) -> str:
        """Return a share as a percentage, exactly: "15%", "33 1/3%"."""
        from babel.numbers import format_percent

        return format_percent(0, locale=self._cldr).replace("0", self.number(_exact(share) * 100))

    def listed(self, items: Iterable[str], joined_by: Joint = "and") -> str:
        """Return the items as a list in a sentence, "a, b, and c" or "a, b, or c"; nothing for no items."""
        from babel.lists import format_list

        pieces = [self._in_one_piece(item) for item in items]
        return format_list(pieces, "or" if joined_by == "or" else "standard", locale=self._cldr)

    def quoted(self, text: str) -> str:
        """Return what a user has written, on one line and in the quotation marks of this language."""
        return self.say_in("quotation", "“%(text)s”", text=cleaned(text, LONGEST_TEXT))


def words_for(locale: str, own: Path | None = None) -> Words:
    """Return the words of the language nearest to `locale`, made once per process.

    Catalogues are read once: a process that shall see others must be started again. Raises `InvalidValue` for what
    names no language and for a folder without catalogues, and `Mistakes` with all that is wrong in any of its files.
    """
    return _made(best_locale(locale, own), own)


@lru_cache(maxsize=_MOST_LANGUAGES)
def _made(locale: str, own: Path | None) -> Words:
    return Words(locale, own)


def cleaned(text: str, most: int = LONGEST_NAME) -> str:
    """Return a user's text fit for one line of a letter: no line breaks, no control or direction marks, few blanks.

    Of a text longer than `most` characters the beginning is left, with an ellipsis.

    >>> cleaned("  Ada\\r\\nBcc: all@example.org ")
    'Ada Bcc: all@example.org'
    """
    line = " ".join("".join(map(_shown, text)).split())
    if len(line) <= most:
        return line
    end = most - 1
    while end > 0 and unicodedata.category(line[end]) in ("Mn", "Me", "Mc", "Cf"):
        end -= 1  # An accent goes with its letter.
    return f"{line[:end].rstrip()}…"


def _shown(character: str) -> str:
    """The character, a blank for what separates, nothing for what would only steer how the rest is shown."""
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp", "Zs"):
        return " "
    if category == "Cs" or (category == "Cf" and character not in "\u200c\u200d" and not _is_tag(character)):
        return ""
    return character


def _is_tag(character: str) -> bool:
    """Whether it belongs to the flag of a country's part."""
    return "\U000e0020" <= character <= "\U000e007f"


def _cldr(locale: str) -> Locale:
    """How dates and numbers are written: in the nearest language that Babel knows, as it knows English."""
    from babel import Locale, UnknownLocaleError

    *nearest, english = lineage(locale)
    for name in nearest:
        try:
            return Locale.parse(name)
        except UnknownLocaleError:
            continue
    return Locale(english)


def _offset(local: datetime) -> str:
    """The offset from UTC, as a number, for zones' names do not follow their laws."""
    text = local.isoformat()[len(local.replace(tzinfo=None).isoformat()) :]
    return "UTC" if text == "+00:00" else f"UTC{text}"


def _exact(value: int | Fraction) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (int, Fraction)):
        raise InvalidType("number", value, "a whole number or a Fraction; floats are refused")
    return Fraction(value)


def _decimal(value: Fraction) -> Decimal | None:
    """The same number as a decimal, or None if its decimals would not end (or be longer than anybody reads)."""
    for places in range(_MOST_PLACES + 1):
        if 10**places % value.denominator == 0:
            return Decimal(value.numerator * (10**places // value.denominator)).scaleb(-places)
    return None
