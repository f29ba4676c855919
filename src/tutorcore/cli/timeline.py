"""What came of a scenario as a timeline, for people: 100 columns of plain text.

Every instant is shown in UTC, and where it concerns people also on their own clocks, with the offset as a number: names
of zones and of summer time do not say which hour is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import assert_never

from tutorcore.cli.answer import as_text
from tutorcore.cli.aside import Said, links_of, said_in
from tutorcore.cli.desk import lines_of, told
from tutorcore.cli.ledger import balance_lines
from tutorcore.cli.lines import WIDTH, folded, section, span, utc, wall
from tutorcore.cli.postings import words_of
from tutorcore.cli.reasons import Reason, Reasons, reasons_of
from tutorcore.cli.report import Played, Relayed, Report, Traces, split_of
from tutorcore.cli.scenario import Act, Ask, Earn, Handle, Person, Scenario, Step, Sweep, TopUp
from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant
from tutorcore.ledger.accounts import natural
from tutorcore.lessons.lesson import Brief, Lesson, Particulars, Problem, Terms
from tutorcore.lessons.projections import Message, mark_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.lessons.reviews import Reviewed
from tutorcore.money import Currency, Money
from tutorcore.payouts import Withdrawal
from tutorcore.policy.process import BACK, STAY
from tutorcore.ports.storage import PostedEntry, Recorded

_INDENT = " " * 6
_MORE = " " * 8


def timeline_of(report: Report) -> str:
    """Return the whole report as text."""
    return as_text(_Timeline(report).lines())


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
        closing = self._report.closing
        if not closing.is_empty:
            yield ""
            yield f"end   {utc(self._scenario.end)}  what is due by now happens"
            yield from self._traces(closing, None)
        yield from self._lessons()
        yield from self._standings()
        yield from self._withdrawals()
        yield from self._books()
        yield from self._verdict()

    # The beginning

    def _heading(self) -> Iterator[str]:
        scenario, report = self._scenario, self._report
        title = scenario.title or scenario.id
        yield title
        yield "=" * min(len(title), WIDTH)
        for paragraph in scenario.about.split("\n\n") if scenario.about else ():
            yield from folded(" ".join(paragraph.split()), "")
            yield ""
        yield f"scenario {scenario.id}, policy {report.policy} ({report.policy_hash[:12]}), tzdata {report.tzdata}"
        yield ""
        wide = max((len(person.id) for person in scenario.people), default=0)
        far = max((20, *(len(person.zone) for person in scenario.people)))
        for person in scenario.people:
            known = _attributes(person)
            yield from folded(known, f"  {person.id:{wide}}  {person.zone:{far}}  ", f"  {'':{wide}}  {'':{far}}  ")
        yield f"  (the platform: {scenario.zone})"

    def _wallets(self) -> Iterator[str]:
        filled = [each for each in self._report.filled if each.refusal is None]
        if self._report.filled:
            yield ""
            amounts = ", ".join(f"{each.person.id} {each.person.wallet}" for each in filled)
            yield from folded(f"wallets filled: {amounts or 'none'}", f"      {utc(self._scenario.at)}  ", _MORE)
        for each in self._report.filled:
            if each.refusal is not None:
                yield from _refused(each.refusal, None)

    # Steps

    def _played(self, played: Played) -> Iterator[str]:
        step = played.step
        yield from folded(self._said(step), f"{step.number:3}   {utc(step.at)}  ", f"{_INDENT}{' ' * 26}")
        brief = self._brief(step.lesson)
        if brief is not None:
            yield f"{_INDENT}{self._clocks(step.at, brief)}"
        yield from self._traces(played.traces, step.lesson)
        if isinstance(step.action, Sweep) and played.traces.is_empty:
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
                return f"sweep{f', grace {span(grace)}' if grace else ''}"
            case Ask() as ask:
                payer = "" if ask.payer is None else f", paid by {ask.payer}"
                return f"{step.who}: {step.do} {self._name(ask.lesson)}, {ask.student} with {ask.tutor}{payer}"
            case Act() as act:
                number = "" if act.proposal is None else f" #{act.proposal}"
                reason = f" ({act.reason})" if act.reason else ""
                return f"{step.who}: {step.do}{number} {self._name(act.lesson)}{reason}{_besides(act.particulars)}"
            case Handle() as handle:
                return f"{step.who}: {step.do}{_handled(handle, step.who)}"
            case Earn() as earn:
                money = "" if earn.amount is None else f" {earn.amount}"
                name = f" {earn.withdrawal}" if earn.withdrawal else ""
                reason = f" ({earn.reason})" if earn.reason else ""
                return f"{step.who}: {step.do}{money}{name}{reason}"
            case _ as never:
                assert_never(never)

    def _traces(self, traces: Traces, lesson: LessonId | None) -> Iterator[str]:
        """What came of a step about `lesson`: events, reminders, and what the relay did about meetings."""
        for event in traces.events:
            yield from self._event(event, lesson)
            yield from self._meeting_messages(traces.messages, event.version)
        for message in traces.messages:
            if message.kind == "reminder":
                text = f"reminder to {' and '.join(message.audience)}, due {utc(message.at)}"
                yield from folded(f"{self._of(message.lesson, lesson)}{text}", f"{_INDENT}~ ", _MORE)
        for relayed in traces.relayed:
            yield from self._relayed(relayed, lesson)
        for judged in traces.standings:
            first, *rest = told(judged, self._name)
            yield from folded(first, f"{_INDENT}- ", _MORE)
            for line in rest:
                yield from folded(line, _MORE, f"{_MORE}  ")
        for posted in traces.entries:
            yield from self._posted(posted)

    def _posted(self, posted: PostedEntry) -> Iterator[str]:
        """What an entry means for a tutor, with its legs; nothing where a lesson tells all of it."""
        entry = posted.entry
        words = words_of(entry)
        if words is None:
            return
        about = self._report.name_of_withdrawal(entry.ref)
        yield from folded(f"{words}{'' if about is None else f': {about}'}", f"{_INDENT}= ", _MORE)
        for account, minor in entry.legs:
            amount = natural(account, minor)
            yield f"{_MORE}{account.name:64}{'+' if amount > 0 else ''}{self._amount(amount, entry.currency)}"

    def _meeting_messages(self, messages: Iterable[Message], version: Lesson) -> Iterator[str]:
        """What the provider of meetings is asked for by one version."""
        for message in messages:
            if message.lesson != version.id:
                continue
            if message.kind == "meeting_wanted" and message.number == version.number:
                yield f"{_MORE}a meeting is wanted for #{version.terms.number}"
            if message.kind == "meeting_dropped" and message.number == version.number - 1:
                before = self._before(version)
                dropped = None if before is None else before.meeting
                if dropped is not None:
                    yield from folded(f"meeting dropped: {links_of(dropped)}", _MORE, f"{_MORE}  ")

    def _relayed(self, relayed: Relayed, lesson: LessonId | None) -> Iterator[str]:
        yield f"{_INDENT}+ {relayed.by}: {relayed.verb} {self._name(relayed.lesson)}"
        for event in relayed.events:
            yield from self._event(event, relayed.lesson if relayed.lesson == lesson else None)
        if relayed.refusal is not None:
            yield from _refused(relayed.refusal, None)

    def _event(self, recorded: Recorded, lesson: LessonId | None) -> Iterator[str]:
        """What one version says, in a step about `lesson`."""
        version = recorded.version
        before = self._before(version)
        name = self._of(version.id, lesson)
        yield f"{_INDENT}{'~' if version.command is None else '>'} {name}{_path(version)}"
        if version.command is None:
            yield from folded(_stamp(recorded), _MORE)
            yield f"{_MORE}  {self._clocks(version.at, version.brief)}"
        yield from self._said_besides(version)
        yield from self._problem(before, version)
        yield from self._blame(version)
        yield from self._offered(before, version)
        yield from self._moved(version)
        yield from self._deadlines(before, version)

    def _said_besides(self, version: Lesson) -> Iterator[str]:
        """The fact that a version records, and the note of its command."""
        said = said_in(version)
        if said is None:
            return
        if version.step.records == "meeting" and version.meeting is not None:
            meeting = version.meeting
            text = f"meeting by {meeting.provider or 'hand'} for #{meeting.terms}: {links_of(meeting)}"
            yield from folded(text, _MORE, f"{_MORE}  ")
        else:
            text = "; ".join(part for part in (_fact(said, version), _texts(said.details)) if part)
            yield from folded(text, _MORE, f"{_MORE}  ") if text else ()
        if said.note:
            yield from folded(f'"{said.note}"', _MORE, f"{_MORE} ")

    def _problem(self, before: Lesson | None, version: Lesson) -> Iterator[str]:
        """The problem that is open from here, with the remedy that has come onto the table."""
        problem = version.problem
        if problem is None or (before is not None and before.problem == problem):
            return
        if before is None or before.problem is None:
            yield from folded(f"a problem: {problem.reason or 'of whatever kind'}", _MORE, f"{_MORE}  ")
        by = version.brief.party(problem.role)
        yield from folded(
            f"remedy #{problem.number}, proposed by {by}: {_remedy(problem, version.brief)}", _MORE, f"{_MORE}  "
        )

    def _blame(self, version: Lesson) -> Iterator[str]:
        step, mark = version.step, mark_of(version)
        parts = [] if step.fault is None else [f"fault of the {step.fault}, {version.brief.party(step.fault)}"]
        parts += [] if mark is None else [f"mark {mark.name} for {mark.party}"]
        if parts:
            yield f"{_MORE}{'; '.join(parts)}"

    def _offered(self, before: Lesson | None, version: Lesson) -> Iterator[str]:
        terms = version.terms if version.change is None else version.change.terms
        if (before is not None and version.rounds == before.rounds) or terms.number != version.rounds:
            return  # Nothing new on the table, or a remedy, which is no terms.
        yield from folded(f"proposal {self._terms(version, terms)}", _MORE, f"{_MORE}  ")
        yield f"{_MORE}  {self._clocks(terms.start, version.brief)}"

    def _terms(self, version: Lesson, terms: Terms) -> str:
        price = _money(version, terms.price)
        kind = f", {terms.kind}" if terms.kind else ""
        details = "".join(f", {name} {text}" for name, text in terms.details)
        again = f", occurrence {terms.occurrence}" if terms.occurrence > 1 else ""
        return f"#{terms.number}: {utc(terms.start)} for {span(terms.duration)} at {price}{kind}{details}{again}"

    def _moved(self, version: Lesson) -> Iterator[str]:
        if not version.legs:
            return
        brief = version.brief
        owed = dict(version.legs).get("owed")
        if owed is not None:
            due = ", ".join(
                f"{brief.tutor if role == 'due' else 'platform'} {_money(version, minor)}"
                for role, minor in version.legs
                if role != "owed"
            )
            yield f"{_MORE}{brief.payer} owes {_money(version, -owed)}; due to {due}"
            return
        names = {"payer": brief.payer, "tutor": brief.tutor, "platform": "platform"}
        legs = ", ".join(f"{names[role]} {_money(version, minor, sign=True)}" for role, minor in version.legs)
        if version.step.refunds:
            yield f"{_MORE}corrected: {legs}"
            return
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
        yield f"{_MORE}until {utc(reason.at)}, then {then}"
        yield f"{_MORE}  {self._clocks(reason.at, brief)}"
        won = reason.text if reason.text == reason.whole else f"{reason.text}, which decides {reason.whole}"
        anchors = "".join(f"; {name} is {utc(at)}" for name, at in reason.anchors if name != reason.text)
        yield from folded(f"{won}{anchors}", f"{_MORE}  because ", f"{_MORE}    ")

    # The end

    def _lessons(self) -> Iterator[str]:
        yield from section("Lessons")
        for id in self._report.lessons:
            history = self._histories[id]
            version = history[-1].version
            yield f"  {self._name(id)}: {version.state}"
            yield from folded(f"terms {self._terms(version, version.terms)}", "    ", _MORE)
            yield from self._shares(history)
            if version.meeting is not None:
                yield from folded(f"meeting by {version.meeting.provider}: {links_of(version.meeting)}", "    ", _MORE)
            for review in self._report.reviews[id]:
                yield from folded(_reviewed(review), "    ", _MORE)
            nearest = self._reasons[id][-1].next
            if nearest is not None:
                yield from self._deadline(nearest, version.brief)

    def _shares(self, history: Sequence[Recorded]) -> Iterator[str]:
        """Who has got what, or what lies in escrow; under a policy that holds nothing, to whom something is due."""
        version = history[-1].version
        is_held = version.machine.process.settles == "held"
        split = {who: minor for who, minor in split_of(history).items() if minor}
        shares = ", ".join(f"{who} {_money(version, minor)}" for who, minor in split.items())
        if version.over:
            yield f"    split: {shares or 'nothing to divide'}" if is_held else f"    due: {shares or 'nothing'}"
        elif is_held:
            yield f"    in escrow {_money(version, version.held)}"

    def _standings(self) -> Iterator[str]:
        if self._report.standings:
            yield from section("Standing")
        for found in self._report.standings:
            yield f"  {found.standing.tutor}:"
            for line in lines_of(found, self._name):
                yield from folded(line, "    ", _MORE)

    def _withdrawals(self) -> Iterator[str]:
        if self._report.withdrawals:
            yield from section("Withdrawals")
        for withdrawal in self._report.withdrawals:
            yield from folded(self._withdrawal(withdrawal), "  ", _MORE)

    def _withdrawal(self, withdrawal: Withdrawal) -> str:
        name = self._report.name_of_withdrawal(withdrawal.id)
        dates = (("applied", withdrawal.applied), ("asked", withdrawal.asked), (withdrawal.state, withdrawal.closed))
        days = ", ".join(f"{what} {utc(at)}" for what, at in dates if at is not None)
        reason = f" ({withdrawal.reason})" if withdrawal.reason else ""
        if withdrawal.asked is None:
            return f"{withdrawal.tutor}: {days}, not withdrawn"
        amount = self._amount(withdrawal.amount, withdrawal.currency)
        fee = f", fee {self._amount(withdrawal.fee, withdrawal.currency)}" if withdrawal.fee else ""
        called = "" if name is None else f"{name}, "
        return f"{withdrawal.tutor}: {called}{amount}{fee}, {withdrawal.state.replace('_', ' ')}; {days}{reason}"

    def _books(self) -> Iterator[str]:
        report = self._report
        yield from section("Balances")
        for account, code, minor in report.balances:
            yield f"  {account.name:70}{self._amount(minor, code):>26}"
        yield from section("Trial balance")
        yield from balance_lines(report.trial_balance, report.amounts)

    def _verdict(self) -> Iterator[str]:
        wrong = [str(played.step.number) for played in self._report.steps if not played.is_expected]
        wrong += [f"the wallet of {filled.person.id}" for filled in self._report.filled if filled.refusal is not None]
        if wrong:
            yield ""
            yield f"*** Not as expected: {', '.join(wrong)}"

    # Words

    def _name(self, lesson: LessonId) -> str:
        return self._scenario.name_of(lesson)

    def _of(self, id: LessonId, lesson: LessonId | None) -> str:
        """The name of the lesson that a line is about, unless the step is about it anyway."""
        return "" if id == lesson else f"{self._name(id)}: "

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
        return party if person is None else f"{party} {wall(at, person.zone)}"

    def _amount(self, minor: int, code: str) -> str:
        return self._report.amounts.text(minor, code)


def _path(version: Lesson) -> str:
    """From where to where a version led."""
    step, change = version.step, version.change
    if change is not None and change.place.name == step.to:
        return f"{version.state}, and beside it {step.to}"
    if step.to == BACK:
        return f"{step.source} -> back to {version.state}"
    return f"still {step.source}" if step.to == STAY else f"{step.source or 'new'} -> {step.to}"


def _attributes(person: Person) -> str:
    """What the marketplace knows of a person besides the zone."""
    own = [] if person.schedule is None else ["with a schedule"]
    return ", ".join([*person.grants, *person.permissions, *own])


def _besides(particulars: Particulars | None) -> str:
    """What somebody says besides the verb, as far as the event does not tell it."""
    if particulars is None:
        return ""
    subject = "" if particulars.subject is None else f", the {particulars.subject}"
    # The remedy of a split is said by its split.
    remedy = "" if particulars.remedy in (None, "split") else f", remedy {particulars.remedy}"
    split = "" if particulars.split is None else f", split {particulars.split}"
    blamed = "" if particulars.blamed is None else f", blaming the {particulars.blamed}"
    return f"{subject}{remedy}{split}{blamed}"


def _handled(handle: Handle, who: PartyId | None) -> str:
    """What somebody does about how a tutor stands, besides the verb."""
    about = handle.counter or handle.effect or ("" if handle.report is None else f"#{handle.report}")
    words = [about] if about else []
    words += [f"of {handle.tutor}"] if handle.tutor != who else []
    grounds = [handle.reason] if handle.reason else []
    grounds += [f"case {handle.case}"] if handle.case else []
    words += [f"({', '.join(grounds)})"] if grounds else []
    return "".join(f" {word}" for word in words)


def _remedy(problem: Problem, brief: Brief) -> str:
    """What the remedy on the table means."""
    said = problem.particulars
    match said.remedy:
        case "refund":
            return f"refund, everything back to {brief.payer}"
        case "pay":
            return f"pay, everything to {brief.tutor}"
        case "split":
            return f"split, {said.split}"
        case _:
            return "reschedule, the lesson at another time"


def _fact(said: Said, version: Lesson) -> str:
    """Who came, went or spoke, when that was seen, and by whom."""
    if said.fact is None or said.about is None:
        return ""
    seen = "" if said.seen == version.at else f", seen {utc(said.seen)}"
    source = f", reported by {said.source}" if said.source else ""
    return f"{said.about} {said.fact}{seen}{source}"


def _reviewed(review: Reviewed) -> str:
    words = [_texts(review.details)] if review.details else []
    words += [f'"{review.note}"'] if review.note else []
    return f"review by {review.author}: {', '.join(words) or 'without words'}"


def _texts(details: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {text}" for name, text in details)


def _stamp(recorded: Recorded) -> str:
    """When a timeout counts, and how much later it was noticed."""
    late = recorded.cause.recorded_at - recorded.version.at
    return f"by itself, stamped {utc(recorded.version.at)}, recorded {f'{span(late)} later' if late else 'then'}"


def _refused(refusal: Refusal, expect: str | None) -> Iterator[str]:
    expected = ", as expected" if expect == refusal.code else ""
    yield from folded(f"{refusal.sentence}", f"{_INDENT}! refused{expected}: {refusal.code}: ", _MORE)


def _money(version: Lesson, minor: int, *, sign: bool = False) -> str:
    unit = version.machine.process.unit
    return f"{'+' if sign and minor > 0 else ''}{Money(minor, Currency(unit.code, unit.exponent))}"
