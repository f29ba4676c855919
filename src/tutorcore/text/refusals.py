"""Refusals in a reader's language.

The sentences stand beside the refusal codes in `tutorcore.lessons.refusals`; here they get their translation, and their
facts the names, instants and conditions of the language. What is lacking or wrong is said by `objections`; of a fact
that is none of those sentences the English stays, in quotation marks: its code is what a program should look at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from tutorcore.errors import InvalidValue
from tutorcore.instants import instant
from tutorcore.lessons.refusals import DISCREET, PRECEDENCE, Refusal
from tutorcore.policy.parsing import ExpressionError, parse_guard
from tutorcore.text.known_names import COUNTER_NAMES
from tutorcore.text.names import (
    counter_name,
    field_name,
    reason_name,
    remedy_name,
    role_name,
    state_name,
    verb_name,
)
from tutorcore.text.objections import needed_words, objection_words
from tutorcore.text.sentences import placeholders, sentence_in
from tutorcore.text.times import guard_words
from tutorcore.text.words import Words, cleaned

CONTEXT: Final = "refusal"

_BRACES: Final = re.compile(r"\{(\w+)\}")

_AGAINST: Final[Mapping[str, str]] = {
    "past": sentence_in("booking", "that time is past"),
    "outside_hours": sentence_in("booking", "that is outside the tutor's hours"),
    "gap": sentence_in("booking", "clocks never show that time"),
    "blackout": sentence_in("booking", "the tutor is away"),
    "holiday": sentence_in("booking", "it is a holiday for the tutor"),
    "busy": sentence_in("booking", "the tutor has another lesson"),
    "hold": sentence_in("booking", "the time is kept for somebody"),
    "request": sentence_in("booking", "somebody else has asked for that time"),
    "event": sentence_in("booking", "the tutor has something else to do"),
    "buffer": sentence_in("booking", "it is too close to something else that the tutor does"),
    "notice": sentence_in("booking", "it is too soon"),
    "horizon": sentence_in("booking", "it is too far ahead"),
    "cap": sentence_in("booking", "the tutor has enough lessons then"),
    "off_grid": sentence_in("booking", "lessons do not start at that time"),
    "party": sentence_in("booking", "somebody else is not free"),
}
"""What stands against a booking, by the codes of verdicts."""

_NOTHING: Final = sentence_in("list", "nothing")


def refusal_words(words: Words, refusal: Refusal, *, zone: str = "UTC", names: Mapping[str, str] | None = None) -> str:
    """Return the refusal in a language; instants are shown on the clocks of `zone`, parties called as in `names`.

    Raises `UnknownName` for a zone that does not exist.
    """
    sayer = _Facts(words, zone, {} if names is None else names)
    sentence = msgid(_template(refusal))
    return words.say_in(CONTEXT, sentence, **{name: sayer.said(name, refusal) for name in placeholders(sentence)})


def msgid(template: str) -> str:
    """Return a sentence about a refusal as it stands in the catalogues: `{verb}` becomes `%(verb)s`.

    >>> msgid("{verb} needs {needs}")
    '%(verb)s needs %(needs)s'
    """
    return _BRACES.sub(r"%(\1)s", template.replace("%", "%%"))


def _template(refusal: Refusal) -> str:
    """The sentence that these facts fill: the discreet one where the others are left out."""
    full = PRECEDENCE[refusal.code]
    return full if set(_BRACES.findall(full)) <= set(refusal.facts) else DISCREET.get(refusal.code, full)


@attrs.frozen
class _Facts:
    """Says the facts of refusals, each as what it is."""

    words: Words
    zone: str
    names: Mapping[str, str]

    def said(self, name: str, refusal: Refusal) -> str:
        """Return one fact in the language."""
        value = refusal.facts[name]
        if name == "reasons" and "codes" in refusal.facts:
            return self._against(refusal.facts["codes"])
        say = _SAID.get(name)
        return cleaned(value) if say is None else say(self, value)

    def _against(self, codes: str) -> str:
        known = [self.words.say_in("booking", _AGAINST[code]) for code in codes.split(", ") if code in _AGAINST]
        return self.words.listed(known)

    def party(self, value: str) -> str:
        return cleaned(self.names.get(value, value))

    def roles(self, value: str) -> str:
        each = value.split(", ")
        return self.words.listed([self.names.get(one) or role_name(self.words, one) for one in each], "or")

    def verb(self, value: str) -> str:
        return self.words.quoted(verb_name(self.words, value))

    def verbs(self, value: str) -> str:
        if value == "nothing":
            return self.words.say_in("list", _NOTHING)
        return self.words.listed([self.verb(one) for one in value.split(", ")])

    def state(self, value: str) -> str:
        return self.words.quoted(state_name(self.words, value))

    def counter(self, value: str) -> str:
        return counter_name(self.words, value) if value in COUNTER_NAMES else self.words.quoted(value)

    def instant(self, value: str) -> str:
        """The instant with which the fact begins; whatever else it says is of use to programs only."""
        try:
            at = instant(value.partition(" ")[0])
        except InvalidValue:
            return self.words.quoted(value)
        return self.words.instant(at, self.zone)

    def condition(self, value: str) -> str:
        try:
            guard = parse_guard(value)
        except ExpressionError:
            return self.words.quoted(value)
        return guard_words(self.words, guard)

    def quoted(self, value: str) -> str:
        return self.words.quoted(value)

    def needs(self, value: str) -> str:
        return needed_words(self.words, value, self.part)

    def problem(self, value: str) -> str:
        return objection_words(self.words, value, self.part)

    def part(self, name: str, value: str) -> str:
        """Return what stands in an objection, as what it is."""
        say = _PARTS.get(name)
        return cleaned(value) if say is None else say(self, value)

    def role(self, value: str) -> str:
        return role_name(self.words, value.removeprefix("the "))

    def remedies(self, value: str) -> str:
        return self.words.listed((self.words.quoted(remedy_name(self.words, one)) for one in value.split(", ")), "or")

    def fields(self, value: str) -> str:
        return self.words.listed(field_name(self.words, one) for one in value.split(" and "))

    def reason(self, value: str) -> str:
        return self.words.quoted(value.strip("'\""))

    def reasons(self, value: str) -> str:
        return self.words.listed((self.words.quoted(reason_name(self.words, one)) for one in value.split(", ")), "or")


_SAID: Final[Mapping[str, Callable[[_Facts, str], str]]] = {
    "actor": _Facts.party,
    "by": _Facts.roles,
    "condition": _Facts.condition,
    "counter": _Facts.counter,
    "deadline": _Facts.instant,
    "end": _Facts.instant,
    "last": _Facts.instant,
    "needs": _Facts.needs,
    "open": _Facts.verbs,
    "party": _Facts.party,
    "problem": _Facts.problem,
    "reasons": _Facts.quoted,
    "start": _Facts.instant,
    "state": _Facts.state,
    "tutor": _Facts.party,
    "verb": _Facts.verb,
    "what": _Facts.problem,
}
"""How each fact is said; what is not here is said as it is."""

_PARTS: Final[Mapping[str, Callable[[_Facts, str], str]]] = {
    "at": _Facts.instant,
    "fields": _Facts.fields,
    "now": _Facts.instant,
    "party": _Facts.party,
    "reason": _Facts.reason,
    "reasons": _Facts.reasons,
    "remedies": _Facts.remedies,
    "remedy": _Facts.remedies,
    "role": _Facts.role,
    "start": _Facts.instant,
    "subject": _Facts.role,
}
"""How each part of an objection is said; a number is said as it is."""
