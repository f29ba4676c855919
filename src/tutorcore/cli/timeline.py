"""What came of a scenario as a timeline, for people: 100 columns of plain text.

Every instant is shown in UTC, and where it concerns people also on their own clocks, with the offset as a number: names
of zones and of summer time do not say which hour is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from textwrap import wrap

from tutorcore.calendar.zones import to_local
from tutorcore.cli.reasons import Reason, Reasons, reasons_of
from tutorcore.cli.running import Played, Report, split_of
from tutorcore.cli.scenario import Act, Ask, Scenario, Step, Sweep, TopUp
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.lessons.lesson import Brief, Lesson, Terms
from tutorcore.lessons.projections import mark_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.money import Currency, Money
from tutorcore.policy.process import BACK, STAY
from tutorcore.ports.storage import Recorded

WIDTH = 100
_INDENT = " " * 6
_MORE = " " * 8
_HARD_SPACE = "\N{NO-BREAK SPACE}"
_INSTANT = re.compile(r"[A-Z][a-z]{2} [0-9-]{10} [0-9:.]+Z")


def timeline_of(report: Report) -> str:
    """Return the whole report as text."""
    return "\n".join(line.rstrip() for line in _Timeline(report).lines()) + "\n"


class _Timeline:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._scenario: Scenario = report.scenario
        self._reasons: Mapping[LessonId, Sequence[Reasons]] = {
            id: reasons_of([each.version for each in history]) for id, history in report.histories.items()
        }
        self._histories = report.histories

    def lines(self) -> Iterator[str]:
        yield from self._heading()
        yield from self._wallets()
        for played in self._report.steps:
            yield ""
            yield from self._played(played)
        if self._report.closing:
            yield ""
            yield f"end   {_utc(self._scenario.end)}  what is due by now happens"
            for event in self._report.closing:
                yield from self._event(event, None)
        yield from self._lessons()
        yield from self._books()
        yield from self._verdict()

    # The beginning

    def _heading(self) -> Iterator[str]:
        scenario, report = self._scenario, self._report
        title = scenario.title or scenario.id
        yield title
        yield "=" * min(len(title), WIDTH)
        for paragraph in scenario.about.split("\n\n") if scenario.about else ():
            yield from _folded(" ".join(paragraph.split()), "")
            yield ""
        yield f"scenario {scenario.id}, policy {report.policy} ({report.policy_hash[:12]}), tzdata {report.tzdata}"
        yield ""
        wide = max((len(person.id) for person in scenario.people), default=0)
        for person in scenario.people:
            yield f"  {person.id:{wide}}  {person.zone:20}  {' '.join(person.grants)}"
        yield f"  (the platform: {scenario.zone})"

    def _wallets(self) -> Iterator[str]:
        filled = [each for each in self._report.filled if each.refusal is None]
        if self._report.filled:
            yield ""
            amounts = ", ".join(f"{each.person.id} {each.person.wallet}" for each in filled)
            yield from _folded(f"wallets filled: {amounts or 'none'}", f"      {_utc(self._scenario.at)}  ", _MORE)
        for each in self._report.filled:
            if each.refusal is not None:
                yield from _refused(each.refusal, None)

    # Steps

    def _played(self, played: Played) -> Iterator[str]:
        step = played.step
        yield from _folded(self._said(step), f"{step.number:3}   {_utc(step.at)}  ", f"{_INDENT}{' ' * 26}")
        brief = self._brief(step.lesson)
        if brief is not None:
            yield f"{_INDENT}{self._clocks(step.at, brief)}"
        for event in played.events:
            yield from self._event(event, step.lesson)
        if isinstance(step.action, Sweep) and not played.events:
            yield f"{_INDENT}  nothing is due"
        if played.refusal is not None:
            yield from _refused(played.refusal, step.expect)
        if not played.is_expected and step.expect is not None:
            yield f"{_INDENT}*** UNEXPECTED: the scenario expects {step.expect}, the answer is {played.answer}"

    def _said(self, step: Step) -> str:
        match step.action:
            case TopUp(amount):
                return f"{step.who}: top_up {amount}"
            case Sweep(grace):
                return f"sweep{f', grace {_span(grace)}' if grace else ''}"
            case Ask() as ask:
                payer = "" if ask.payer is None else f", paid by {ask.payer}"
                return f"{step.who}: {step.do} {self._name(ask.lesson)}, {ask.student} with {ask.tutor}{payer}"
            case Act() as act:
                number = "" if act.proposal is None else f" #{act.proposal}"
                reason = f" ({act.reason})" if act.reason else ""
                return f"{step.who}: {step.do}{number} {self._name(act.lesson)}{reason}"

    def _event(self, recorded: Recorded, lesson: LessonId | None) -> Iterator[str]:
        """What one version says, in a step about `lesson`."""
        version = recorded.version
        before = self._before(version)
        name = "" if version.id == lesson else f"{self._name(version.id)}: "
        yield f"{_INDENT}{'~' if version.command is None else '>'} {name}{_path(version)}"
        if version.command is None:
            yield from _folded(_stamp(recorded), _MORE)
            yield f"{_MORE}  {self._clocks(version.at, version.brief)}"
        yield from self._blame(version)
        yield from self._offered(before, version)
        yield from self._moved(version)
        yield from self._deadlines(before, version)

    def _blame(self, version: Lesson) -> Iterator[str]:
        step, mark = version.step, mark_of(version)
        parts = [] if step.fault is None else [f"fault of the {step.fault}, {version.brief.party(step.fault)}"]
        parts += [] if mark is None else [f"mark {mark.name} for {mark.party}"]
        if parts:
            yield f"{_MORE}{'; '.join(parts)}"

    def _offered(self, before: Lesson | None, version: Lesson) -> Iterator[str]:
        if before is not None and version.rounds == before.rounds:
            return
        terms = version.terms if version.change is None else version.change.terms
        yield from _folded(f"proposal {self._terms(version, terms)}", _MORE, f"{_MORE}  ")
        yield f"{_MORE}  {self._clocks(terms.start, version.brief)}"

    def _terms(self, version: Lesson, terms: Terms) -> str:
        price = _money(version, terms.price)
        kind = f", {terms.kind}" if terms.kind else ""
        details = "".join(f", {name} {text}" for name, text in terms.details)
        return f"#{terms.number}: {_utc(terms.start)} for {_span(terms.duration)} at {price}{kind}{details}"

    def _moved(self, version: Lesson) -> Iterator[str]:
        if not version.legs:
            return
        names = {"payer": version.brief.payer, "tutor": version.brief.tutor, "platform": "platform"}
        legs = ", ".join(f"{names[role]} {_money(version, minor, sign=True)}" for role, minor in version.legs)
        yield f"{_MORE}{legs}; in escrow {_money(version, version.held)}"

    def _deadlines(self, before: Lesson | None, version: Lesson) -> Iterator[str]:
        """The deadlines that run from here, unless they run since before."""
        now = self._reasons[version.id][version.number - 1]
        then = None if before is None else self._reasons[before.id][before.number - 1]
        for reason, earlier in ((now.own, then and then.own), (now.change, then and then.change)):
            if reason is not None and reason != earlier:
                yield from self._deadline(reason, version.brief)

    def _deadline(self, reason: Reason, brief: Brief) -> Iterator[str]:
        then = "the change lapses" if reason.row.rule.to == BACK else reason.row.rule.to
        yield f"{_MORE}until {_utc(reason.at)}, then {then}"
        yield f"{_MORE}  {self._clocks(reason.at, brief)}"
        won = reason.text if reason.text == reason.whole else f"{reason.text}, which decides {reason.whole}"
        anchors = "".join(f"; {name} is {_utc(at)}" for name, at in reason.anchors if name != reason.text)
        yield from _folded(f"{won}{anchors}", f"{_MORE}  because ", f"{_MORE}    ")

    # The end

    def _lessons(self) -> Iterator[str]:
        yield from _section("Lessons")
        for id in self._report.lessons:
            history = self._histories[id]
            version = history[-1].version
            split = {who: minor for who, minor in split_of(history).items() if minor}
            shares = ", ".join(f"{who} {_money(version, minor)}" for who, minor in split.items()) or "nothing to divide"
            yield f"  {self._name(id)}: {version.state}"
            yield from _folded(f"terms {self._terms(version, version.terms)}", "    ", _MORE)
            yield f"    split: {shares}" if version.over else f"    in escrow {_money(version, version.held)}"
            nearest = self._reasons[id][-1].next
            if nearest is not None:
                yield from self._deadline(nearest, version.brief)

    def _books(self) -> Iterator[str]:
        report = self._report
        yield from _section("Balances")
        for account, code, minor in report.balances:
            yield f"  {account.name:70}{self._amount(minor, code):>26}"
        yield from _section("Trial balance")
        yield f"  {'':60}{'debit':>18}{'credit':>18}"
        for row in report.trial_balance.rows:
            yield self._columns(row.account, row.debit, row.credit, row.currency)
        for total in report.trial_balance.totals:
            yield self._columns(f"total {total.currency}", total.debit, total.credit, total.currency)

    def _verdict(self) -> Iterator[str]:
        wrong = [str(played.step.number) for played in self._report.steps if not played.is_expected]
        wrong += [f"the wallet of {filled.person.id}" for filled in self._report.filled if filled.refusal is not None]
        if wrong:
            yield ""
            yield f"*** Not as expected: {', '.join(wrong)}"

    # Words

    def _name(self, lesson: LessonId) -> str:
        return self._scenario.name_of(lesson)

    def _before(self, version: Lesson) -> Lesson | None:
        return self._histories[version.id][version.number - 2].version if version.number > 1 else None

    def _brief(self, lesson: LessonId | None) -> Brief | None:
        history = None if lesson is None else self._histories.get(lesson)
        return None if history is None else history[-1].version.brief

    def _clocks(self, at: Instant, brief: Brief) -> str:
        """What the clocks of the lesson's student and tutor show; those of strangers are not known."""
        return "   ".join(self._clock(at, party) for party in (brief.student, brief.tutor))

    def _clock(self, at: Instant, party: PartyId) -> str:
        person = self._scenario.person(party)
        return party if person is None else f"{party} {_wall(at, person.zone)}"

    def _amount(self, minor: int, code: str) -> str:
        return str(Money(minor, self._currency(code)))

    def _columns(self, what: str, debit: int, credit: int, code: str) -> str:
        cells = (self._amount(minor, code) if minor else "" for minor in (debit, credit))
        return f"  {what:60}{''.join(f'{cell:>18}' for cell in cells)}"

    def _currency(self, code: str) -> Currency:
        return self._report.currencies.get(code)


def _path(version: Lesson) -> str:
    """From where to where a version led."""
    step, change = version.step, version.change
    if change is not None and change.place.name == step.to:
        return f"{version.state}, and beside it {step.to}"
    if step.to == BACK:
        return f"{step.source} -> back to {version.state}"
    return f"{step.source or 'new'} -> {step.source if step.to == STAY else step.to}"


def _stamp(recorded: Recorded) -> str:
    """When a timeout counts, and how much later it was noticed."""
    late = recorded.cause.recorded_at - recorded.version.at
    return f"by itself, stamped {_utc(recorded.version.at)}, recorded {f'{_span(late)} later' if late else 'then'}"


def _refused(refusal: Refusal, expect: str | None) -> Iterator[str]:
    expected = ", as expected" if expect == refusal.code else ""
    yield from _folded(f"{refusal.sentence}", f"{_INDENT}! refused{expected}: {refusal.code}: ", _MORE)


def _section(title: str) -> Iterator[str]:
    yield ""
    yield title
    yield "-" * len(title)


def _folded(text: str, first: str, rest: str | None = None) -> Iterable[str]:
    """The text within the width; an instant is not torn apart."""
    whole = _INSTANT.sub(lambda found: found[0].replace(" ", _HARD_SPACE), text)
    indent = first if rest is None else rest
    lines = wrap(
        whole, WIDTH, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return (line.replace(_HARD_SPACE, " ") for line in lines)


def _utc(at: Instant) -> str:
    return f"{at:%a} {at.replace(tzinfo=None).isoformat(' ')}Z"


def _wall(at: Instant, zone: str) -> str:
    local = to_local(at, zone)
    return f"{local:%a} {local.replace(tzinfo=None).isoformat(' ')} {local.isoformat()[-6:]}"


def _span(span: timedelta) -> str:
    """A length of time in hours, minutes and seconds, exact."""
    seconds, micros = divmod(span, timedelta(seconds=1))
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    parts = [f"{count}{unit}" for count, unit in ((hours, "h"), (minute, "m"), (second, "s")) if count]
    if micros:
        parts.append(f"{micros // timedelta(microseconds=1)}us")
    return " ".join(parts) or "0s"


def _money(version: Lesson, minor: int, *, sign: bool = False) -> str:
    unit = version.machine.process.unit
    return f"{'+' if sign and minor > 0 else ''}{Money(minor, Currency(unit.code, unit.exponent))}"
