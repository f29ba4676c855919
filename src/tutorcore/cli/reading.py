"""Reading a scenario, so that all mistakes of the file come to light at once, before anything is run.

    schema = 1
    id     = "first-lesson"
    policy = "italki"

    [parties.ann]
    zone   = "America/New_York"
    wallet = "100.0"

    [[steps]]
    at     = 2026-03-26T09:00:00Z
    who    = "ann"
    do     = "request"
    ...

`docs/reference/scenario.md` describes the format.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from tutorcore.adapters.files import find_policy, read_bytes
from tutorcore.adapters.memory import MemoryStorage
from tutorcore.calendar.agendas.slots import LONGEST
from tutorcore.calendar.zones.wall_time import zone as zone_of
from tutorcore.cli.account_steps import KEYS_OF_ACCOUNTS, read_earn, read_handle
from tutorcore.cli.meetings import read_meetings
from tutorcore.cli.moments import moment
from tutorcore.cli.people import FindSchedule, load_schedule_file, read_permissions, schedule_of_person
from tutorcore.cli.scenario import (
    BETWEEN,
    EARNINGS,
    OF_THE_MARKETPLACE,
    SWEEP,
    TOP_UP,
    Act,
    Action,
    Ask,
    Person,
    Scenario,
    Step,
    Sweep,
    TopUp,
)
from tutorcore.cli.verbs import Verb, verbs_of
from tutorcore.documents.reader import Problems, Table
from tutorcore.documents.source import Source
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.errors import InvalidValue, suggest
from tutorcore.ids import LessonId, PartyId, lesson_id, party_id
from tutorcore.instants import EPOCH, Instant, to_text
from tutorcore.lessons.lesson import LARGEST_PRICE, NO_DETAILS, Offer, Particulars
from tutorcore.lessons.refusals import PRECEDENCE
from tutorcore.money import ISO_4217, Currency, Money
from tutorcore.policy.cells import Cells
from tutorcore.policy.expressions import Exact
from tutorcore.policy.parsing import parse_duration
from tutorcore.policy.process import FIELDS, REMEDIES, Process, Remedy
from tutorcore.policy.roles import BOUND_ROLES, GRANTED_ROLES, Role
from tutorcore.ports.notifications import Contact
from tutorcore.standing import STANDING_VERBS
from tutorcore.text.locales import ENGLISH, lineage

FindPolicy: TypeAlias = Callable[[str], Process]
"""From what a scenario calls its policy to the process; raises what is wrong with it."""

T = TypeVar("T")

OK = "ok"
ANSWERS = (OK, *PRECEDENCE)

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_ID = 32
_AMOUNT_WITH_CODE = re.compile(r"(\S+) +(\S+)")
_MINUTE = timedelta(minutes=1)
_LONGEST = timedelta(days=3660)  # How long a scenario may last: whatever comes again and again does so meanwhile.
_STAND_IN = "none"
_STEP_KEYS = (
    "at", "who", "do", "expect", "amount", "grace", "lesson", "student", "tutor", "payer", "start", "minutes",
    "duration", "price", "kind", "details", "proposal", "reason", "note", "subject", "seen", "source", "split",
    "blamed", "remedy", *KEYS_OF_ACCOUNTS,
)  # fmt: skip
_NOTHING_SAID = Particulars()


def load_scenario(path: Path) -> Scenario:
    """Return the scenario in a file; raise `Mistakes` with everything that is wrong with it."""
    folder = path.parent
    return read_scenario(
        read_bytes(path),
        str(path),
        lambda name: find_policy(name, folder),
        lambda name: load_schedule_file(name, folder),
    )


def read_scenario(text: str | bytes, file: str, policy: FindPolicy, schedule: FindSchedule) -> Scenario:
    """Return the scenario that a text describes; raise `Mistakes` with everything that is wrong with it."""
    problems = Problems()
    root = Table.root(Source.parse(text, file), problems)
    scenario = _Reader(root, policy, schedule).scenario()
    problems.raise_if_any(f"{file} is not a scenario that can be played")
    assert scenario is not None
    return scenario


class _Reader:
    """Reads one file. What a mistake leaves unknown (the policy, say) is not asked about any more."""

    def __init__(self, root: Table, policy: FindPolicy, schedule: FindSchedule) -> None:
        self._root = root
        self._find_schedule = schedule
        root.integer("schema", least=1, most=1)
        self._id = root.parsed("id", _scenario_id) or _STAND_IN
        self._process = root.parsed("policy", policy)
        self._unit = None if self._process is None else self._process.unit
        self._zone = root.parsed("zone", _zone, "UTC") or "UTC"
        self._verbs: Mapping[str, Verb] = {}
        self._till: Marketplace | None = None
        if self._process is not None:
            self._verbs = verbs_of(self._process)
            for verb in OF_THE_MARKETPLACE:
                if verb in self._verbs:
                    root.mistake("policy", f"has a verb {verb!r}, which has another meaning in scenarios")
            self._till = Marketplace(MemoryStorage(), [self._process])
            self._till.add_party(_STAND_IN, zone="UTC")
        self._people: dict[str, Person] = {}
        self._asked: dict[str, LessonId | None] = {}
        self._withdrawn: dict[str, None] = {}
        self._first: Instant | None = None
        self._last: Instant | None = None

    def scenario(self) -> Scenario | None:
        root = self._root
        title, about = root.text("title", ""), root.text("about", "")
        parties = root.table("parties")
        if parties is None:
            if "parties" not in root:
                root.mistake(None, "there are no parties; expected tables such as [parties.ann]")
        else:
            self._people.update(self._read_people(parties))
        table = root.table("meetings")
        meetings = None if table is None else read_meetings(table, self._process, self._people)
        written = self._moment_if_any(root, "at")
        self._first = self._last = written
        tables = root.tables("steps")
        if "steps" not in root:
            root.mistake(None, "there are no steps; expected tables [[steps]]")
        steps = [self._step(each, number) for number, each in enumerate(tables, 1)]
        root.finish()
        if self._process is None or len(root.problems):
            return None
        found = tuple(step for step in steps if step is not None)
        at = written or (found[0].at if found else EPOCH)
        people = tuple(self._people.values())
        return Scenario(self._id, title, about.strip(), self._process, self._zone, at, people, found, meetings)

    # People

    def _read_people(self, parties: Table) -> Iterator[tuple[str, Person]]:
        for name in parties.mapping:
            table = parties.table(name)
            if table is not None:
                yield name, self._person(table, name, parties.keys())

    def _person(self, table: Table, name: str, everybody: tuple[str, ...]) -> Person:
        id = table.attempt(lambda: party_id(name)) or PartyId(_STAND_IN)
        zone = table.parsed("zone", _zone) or "UTC"
        wallet = self._topped_up(table, "wallet") if "wallet" in table else None
        grants = table.some_of("grants", GRANTED_ROLES, ())
        permissions = tuple(read_permissions(table, everybody))
        schedule = schedule_of_person(table, zone, self._find_schedule)
        called = table.parsed("name", _called, name) or name
        locale = table.parsed("locale", _locale, ENGLISH) or ENGLISH
        table.finish()
        return Person(id, zone, wallet, grants, permissions, schedule, called, locale)

    # Steps

    def _step(self, table: Table, number: int) -> Step | None:
        at = self._moment(table, "at")
        if at is not None and self._last is not None and at < self._last:
            table.mistake("at", f"is {to_text(at)}, earlier than what comes before it ({to_text(self._last)})")
        self._last, self._first = at or self._last, self._first or at
        if at is not None and self._first is not None and at - self._first > _LONGEST:
            table.mistake("at", f"is {to_text(at)}; expected at most {_LONGEST.days} days after {to_text(self._first)}")
        do = self._verb(table)
        expect = table.one_of("expect", ANSWERS, None)
        who = None if do == SWEEP else self._party(table, "who")
        action = None if do is None else self._action(table, do, who or PartyId(_STAND_IN))
        if do is None:
            self._look_through(table)
        table.finish(*(_STEP_KEYS if do is None else ()))
        if at is None or do is None or action is None:
            return None
        return Step(number, at, who, do, action, expect)

    def _look_through(self, table: Table) -> None:
        """Find what is wrong with a step whatever its verb means, which is not known."""
        for key in ("student", "tutor", "payer"):
            if key in table:
                self._party(table, key)
        for key in ("start", "seen"):
            self._moment_if_any(table, key)
        self._duration(table)
        for key in ("price", "amount"):
            if key in table:
                self._money(table, key)
        if "tutor" in table:  # Meant to ask for a lesson, so that what is done to it later is no mistake.
            self._asked.setdefault(table.text("lesson", ""), None)

    def _verb(self, table: Table) -> str | None:
        do = table.parsed("do", partial(_named, "do"))
        if do is None or self._process is None:
            return do if do in OF_THE_MARKETPLACE else None
        known = (TOP_UP, SWEEP, *self._verbs, *STANDING_VERBS, *EARNINGS)
        if do in known:
            return do
        table.mistake("do", f"is {do!r}; expected {', '.join(known)}", suggest(do, known))
        return None

    def _action(self, table: Table, do: str, who: PartyId) -> Action | None:
        if do == TOP_UP:
            amount = self._topped_up(table, "amount")
            return None if amount is None else TopUp(amount)
        if do == SWEEP:
            return Sweep(_elapsed(table, "grace", timedelta(0)) or timedelta(0))
        if do in STANDING_VERBS:
            tutor = self._party(table, "tutor", who if do == "show_profile" else None)
            return read_handle(table, do, tutor, self._process)
        if do in EARNINGS:
            return read_earn(table, do, self._taken_out, self._withdrawn)
        assert self._process is not None
        name = table.parsed("lesson", partial(_named, "lesson")) or ""
        is_opening = do == self._process.verb_of_opening and ("tutor" in table or name not in self._asked)
        return self._ask(table, name, who) if is_opening else self._act(table, do, name)

    def _ask(self, table: Table, name: str, who: PartyId) -> Ask | None:
        lesson = table.attempt(lambda: self._lesson_id(name), "lesson") if name else None
        self._asked[name] = lesson
        student = self._party(table, "student", who)
        tutor = self._party(table, "tutor")
        payer = self._party(table, "payer") if "payer" in table else None
        if tutor == student and "tutor" in table and tutor is not None:
            table.mistake("tutor", f"is {tutor!r}, who is the student")
        start = self._moment(table, "start")
        duration = self._duration(table)
        if duration is None and "minutes" not in table and "duration" not in table:
            table.mistake(None, 'how long it lasts is missing; expected minutes = 30, or duration = "1h 30m"')
        price = self._price(table, "price")
        kind, details, note = table.text("kind", ""), self._details(table), table.text("note", "")
        if lesson is None or student is None or tutor is None or start is None or duration is None or price is None:
            return None
        ask = Ask(lesson, student, tutor, payer, start, duration, price, kind, details or (), note)
        if payer is not None and student != tutor and who in self._people:
            table.attempt(lambda: self._asked_on_trial(ask, who), "payer")
        return ask

    def _asked_on_trial(self, ask: Ask, who: PartyId) -> None:
        """Let a marketplace that is thrown away say what is wrong with the people of a request."""
        assert self._process is not None
        market = Marketplace(MemoryStorage(), [self._process])
        for person in self._people.values():
            market.add_party(person.id, zone=person.zone, grants=person.grants)
        market.request(
            student=ask.student,
            tutor=ask.tutor,
            payer=ask.payer,
            by=who,
            start=ask.start,
            duration=ask.duration,
            price=ask.price,
            key="trial",
            now=EPOCH,
        )

    def _act(self, table: Table, do: str, name: str) -> Act | None:
        proposal = table.integer("proposal", None, least=1)
        reason, note = table.text("reason", ""), table.text("note", "")
        verb = self._verbs[do]
        particulars = self._particulars(table, verb.says)
        offer = self._offer(table, verb) if verb.proposes else None
        if name and name not in self._asked:
            message = f"is {name!r}, a lesson that no earlier step asks for"
            table.mistake("lesson", message, suggest(name, self._asked))
        lesson = self._asked.get(name)
        return None if lesson is None else Act(lesson, proposal, offer, reason, note, particulars)

    def _offer(self, table: Table, verb: Verb) -> Offer | None:
        """What is proposed; None where nothing is, which the engine will refuse."""
        start = self._moment_if_any(table, "start")
        duration = self._duration(table)
        price = self._price(table, "price") if "price" in table else None
        kind = table.text("kind", None)
        # A verb that needs details of its own takes them: those of the terms then stay as they are.
        details = None if "details" in verb.says else self._details(table)
        said = [name for name in (*FIELDS, "minutes") if name in table and name not in verb.says]
        if not said:
            return None
        return Offer(start, duration, None if price is None else price.minor, kind, details)

    def _particulars(self, table: Table, says: Collection[str]) -> Particulars | None:
        """What the verb says besides; the keys that it cannot use are left, and thereby unknown."""
        subject = table.one_of("subject", BOUND_ROLES, None) if "subject" in says else None
        seen = self._moment_if_any(table, "seen") if "seen" in says else None
        source = table.text("source", "") if "source" in says else ""
        details = self._details(table) if "details" in says else None
        split = Cells().shares(table, "split", None) if "split" in says else None
        blamed: Role | None = table.one_of("blamed", BOUND_ROLES, None) if "blamed" in says else None
        remedy: Remedy | None = table.one_of("remedy", REMEDIES, None) if "remedy" in says else None
        found = Particulars(subject, seen, source, details or NO_DETAILS, split, blamed, remedy)
        return None if found == _NOTHING_SAID else found

    # Cells

    def _moment(self, table: Table, key: str) -> Instant | None:
        """The instant under `key`, which must be there; None after a mistake."""
        if isinstance(table.value(key), str):
            return table.parsed(key, lambda text: moment(text, key))
        before = len(table.problems)
        found = table.instant(key)
        return found if len(table.problems) == before else None

    def _moment_if_any(self, table: Table, key: str) -> Instant | None:
        return self._moment(table, key) if key in table else table.instant(key, None)

    def _party(self, table: Table, key: str, default: PartyId | None = None) -> PartyId | None:
        if default is not None and key not in table:
            table.value(key)
            return default
        name = table.parsed(key, partial(_named, key))
        if name is None or name in self._people:
            return None if name is None else PartyId(name)
        known = ", ".join(self._people) or "none"
        table.mistake(key, f"is {name!r}; expected one of the parties: {known}", suggest(name, self._people))
        return None

    def _lesson_id(self, name: str) -> LessonId:
        lesson_id(name)
        if BETWEEN in name:
            raise InvalidValue("lesson", name, f"a name without {BETWEEN!r}")
        return lesson_id(f"{self._id}{BETWEEN}{name}")

    def _duration(self, table: Table) -> timedelta | None:
        """How long a lesson lasts, or None where that is not said, or not well."""
        if "minutes" in table and "duration" in table:
            table.mistake("minutes", "is given besides duration; one of them will do")
        if "minutes" in table:
            count = table.integer("minutes", least=1, most=LONGEST // _MINUTE)
            table.value("duration")
            return count * _MINUTE or None
        found = _elapsed(table, "duration", None)
        return None if found is None else table.attempt(lambda: Offer(duration=found).duration, "duration")

    def _details(self, table: Table) -> tuple[tuple[str, str], ...] | None:
        inner = table.table("details")
        return None if inner is None else tuple(sorted((name, inner.text(name)) for name in inner.mapping))

    def _price(self, table: Table, key: str) -> Money | None:
        price = self._money(table, key)
        if price is not None and not 0 <= price.minor <= LARGEST_PRICE:
            table.mistake(key, f"is {price}; expected nothing or more, up to {LARGEST_PRICE} minor units")
            return None
        return price

    def _topped_up(self, table: Table, key: str) -> Money | None:
        """An amount that a wallet can be topped up by."""
        return self._on_trial(table, key, lambda till, amount, key: till.top_up(_STAND_IN, amount, key=key, now=EPOCH))

    def _taken_out(self, table: Table) -> Money | None:
        """An amount that somebody can want to take out or spend; whether it is there is another question."""
        return self._on_trial(
            table, "amount", lambda till, amount, key: till.payouts.spend(_STAND_IN, amount, key=key, now=EPOCH)
        )

    def _on_trial(self, table: Table, key: str, use: Callable[[Marketplace, Money, str], Outcome]) -> Money | None:
        """An amount that can be used like this, which a marketplace on trial says best."""
        amount = self._money(table, key)
        till = self._till
        if amount is None or till is None:
            return None
        where = ".".join(map(str, table.path))[-100:]  # A key for each, so that no answer is a repeated one.
        done = table.attempt(lambda: use(till, amount, f"{where}.{key}"), key)
        return None if done is None else amount

    def _money(self, table: Table, key: str) -> Money | None:
        raw, unit = table.value(key), self._unit
        currency = None if unit is None else Currency(unit.code, unit.exponent)
        found = _AMOUNT_WITH_CODE.fullmatch(raw) if isinstance(raw, str) else None
        if found is not None:
            amount, code = found[1], found[2]
            return None if currency is None else table.attempt(lambda: _in_currency(amount, code, currency), key)
        before = len(table.problems)
        text = table.money_text(key)
        if currency is None or len(table.problems) > before:
            return None
        return table.attempt(lambda: Money.of(text, currency), key)


def _scenario_id(text: str) -> str:
    if _ID.fullmatch(text) is None or len(text) > _LONGEST_ID:
        raise InvalidValue("id", text, f"lower-case letters and digits with single '-' between, at most {_LONGEST_ID}")
    return text


def _named(key: str, text: str) -> str:
    if not text:
        raise InvalidValue(key, text, "a name")
    return text


def _zone(name: str) -> str:
    zone_of(name)
    return name


def _called(name: str) -> str:
    return Contact(name=name).name


def _locale(locale: str) -> str:
    lineage(locale)
    return locale


def _elapsed(table: Table, key: str, default: timedelta | None) -> timedelta | None:
    """An elapsed time such as "1h 30m"; None after a mistake."""
    if key not in table:
        table.value(key)
        return default
    found = table.parsed(key, parse_duration)
    if found is not None and not isinstance(found, Exact):
        table.mistake(key, f"is {found}; expected hours, minutes or seconds, such as '1h 30m'")
        return None
    return None if found is None else found.delta


def _in_currency(amount: str, code: str, currency: Currency) -> Money:
    known = ISO_4217.with_unit(currency.code, currency.exponent)
    if known.get(code) != currency:
        raise InvalidValue("amount", f"{amount} {code}", f"an amount in {currency.code}, the currency of the policy")
    return Money.of(amount, currency)
