"""What came of a scenario as one JSON document, for programs. `docs/reference/play.schema.json` describes it.

Amounts are whole minor units beside the code of their currency, instants are UTC texts, everything has one order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from tutorcore.calendar.schedules.document import schedule_text
from tutorcore.cli.answer import Document
from tutorcore.cli.aside import Said, said_in
from tutorcore.cli.desk import step_data, stood_data
from tutorcore.cli.postings import entry_data, trial_balance_data, withdrawal_data
from tutorcore.cli.reasons import Reason, Reasons, reasons_of
from tutorcore.cli.report import Filled, Played, Relayed, Report, Traces, split_of
from tutorcore.cli.scenario import Person
from tutorcore.ids import LessonId
from tutorcore.instants import to_text
from tutorcore.lessons.lesson import Change, Lesson, Meeting, Problem, Terms
from tutorcore.lessons.projections import Message, mark_of
from tutorcore.lessons.refusals import Refusal
from tutorcore.lessons.reviews import Reviewed
from tutorcore.ports.storage import Recorded


def document_of(report: Report) -> Document:
    """Return the whole report in plain values."""
    scenario = report.scenario
    reasons = {id: reasons_of([each.version for each in history]) for id, history in report.histories.items()}
    return {
        "scenario": scenario.id,
        "title": scenario.title,
        "policy": {"name": report.policy, "hash": report.policy_hash},
        "tzdata": report.tzdata,
        "as_expected": report.is_expected,
        "parties": [_party(person) for person in scenario.people],
        "wallets": [_wallet(filled, report) for filled in report.filled],
        "steps": [_step(played, reasons) for played in report.steps],
        "closing": {"at": to_text(scenario.end), **_traces(report.closing, reasons)},
        "lessons": {id: _lesson(report, id, reasons[id][-1]) for id in report.lessons},
        "standings": [stood_data(found) for found in report.standings],
        "withdrawals": [
            {"name": report.name_of_withdrawal(withdrawal.id), **withdrawal_data(withdrawal)}
            for withdrawal in report.withdrawals
        ],
        "balances": [
            {"account": account.name, "currency": currency, "minor": minor}
            for account, currency, minor in report.balances
        ],
        "trial_balance": trial_balance_data(report.trial_balance),
    }


def _party(person: Person) -> Document:
    schedule = person.schedule
    return {
        "id": person.id,
        "zone": person.zone,
        "grants": list(person.grants),
        "permissions": list(person.permissions),
        "schedule": None if schedule is None else json.loads(schedule_text(schedule)),
        "name": person.name,
        "locale": person.locale,
    }


def _wallet(filled: Filled, report: Report) -> Document:
    wallet = filled.person.wallet
    assert wallet is not None
    return {
        "party": filled.person.id,
        "at": to_text(report.scenario.at),
        "key": filled.key,
        "currency": wallet.currency.code,
        "minor": wallet.minor,
        "refusal": _refusal(filled.refusal),
    }


def _step(played: Played, reasons: Mapping[LessonId, Sequence[Reasons]]) -> Document:
    step = played.step
    return {
        "number": step.number,
        "at": to_text(step.at),
        "who": step.who,
        "do": step.do,
        "lesson": step.lesson,
        "withdrawal": played.withdrawal,
        "key": played.key,
        "ok": played.refusal is None,
        "refusal": _refusal(played.refusal),
        "expect": step.expect,
        "as_expected": played.is_expected,
        **_traces(played.traces, reasons),
    }


def _traces(traces: Traces, reasons: Mapping[LessonId, Sequence[Reasons]]) -> Document:
    return {
        "events": [_event(each, reasons) for each in traces.events],
        "messages": [_message(each) for each in traces.messages],
        "relayed": [_relayed(each, reasons) for each in traces.relayed],
        "standings": [step_data(each) for each in traces.standings],
        "entries": [entry_data(each) for each in traces.entries],
    }


def _message(message: Message) -> Document:
    return {
        "kind": message.kind,
        "lesson": message.lesson or None,
        "number": message.number,
        "at": to_text(message.at),
        "to": list(message.audience),
    }


def _relayed(relayed: Relayed, reasons: Mapping[LessonId, Sequence[Reasons]]) -> Document:
    return {
        "do": relayed.verb,
        "who": relayed.by,
        "lesson": relayed.lesson,
        "ok": relayed.refusal is None,
        "refusal": _refusal(relayed.refusal),
        "events": [_event(each, reasons) for each in relayed.events],
    }


def _refusal(refusal: Refusal | None) -> Document | None:
    if refusal is None:
        return None
    return {"code": refusal.code, "facts": dict(sorted(refusal.facts.items())), "sentence": refusal.sentence}


def _event(recorded: Recorded, reasons: Mapping[LessonId, Sequence[Reasons]]) -> Document:
    version = recorded.version
    step, command, mark = version.step, version.command, mark_of(version)
    why = reasons[version.id][version.number - 1]
    return {
        "lesson": version.id,
        "number": version.number,
        "at": to_text(version.at),
        "recorded_at": to_text(recorded.cause.recorded_at),
        "verb": step.verb,
        "timeout": command is None,
        "actor": None if command is None else command.actor,
        "reason": command.reason if command is not None and command.reason else None,
        "row": step.id,
        "from": step.source,
        "to": step.to,
        "state": version.state,
        "over": version.over,
        "turn": version.waits_for,
        "fault": step.fault,
        "mark": step.mark,
        "marked": None if mark is None else mark.party,
        "currency": version.brief.currency,
        "legs": [{"role": role, "minor": minor} for role, minor in version.legs],
        "held": version.held,
        "refunds": step.refunds,
        "terms": _terms(version.terms),
        "change": _change(version.change, why),
        "problem": _problem(version.problem),
        "meeting": _meeting(version.meeting),
        "said": _said(said_in(version)),
        "deadline": _deadline(why.next),
    }


def _said(said: Said | None) -> Document | None:
    if said is None:
        return None
    return {
        "fact": said.fact,
        "about": said.about,
        "subject": said.subject,
        "seen": None if said.about is None else to_text(said.seen),
        "source": said.source or None,
        "details": dict(said.details),
        "split": None if said.split is None else said.split.as_texts(),
        "blamed": said.blamed,
        "remedy": said.remedy,
        "note": said.note or None,
    }


def _lesson(report: Report, id: LessonId, why: Reasons) -> Document:
    history = report.histories[id]
    version: Lesson = history[-1].version
    brief = version.brief
    return {
        "name": report.scenario.name_of(id),
        "state": version.state,
        "over": version.over,
        "turn": version.waits_for,
        "student": brief.student,
        "tutor": brief.tutor,
        "payer": brief.payer,
        "requester": brief.requester,
        "currency": brief.currency,
        "terms": _terms(version.terms),
        "change": _change(version.change, why),
        "problem": _problem(version.problem),
        "meeting": _meeting(version.meeting),
        "settles": version.machine.process.settles,
        "held": version.held,
        "deadline": _deadline(why.next),
        "split": split_of(history),
        "reviews": [_review(review) for review in report.reviews[id]],
    }


def _problem(problem: Problem | None) -> Document | None:
    if problem is None:
        return None
    said = problem.particulars
    return {
        "number": problem.number,
        "by": problem.role,
        "reason": problem.reason or None,
        "remedy": said.remedy,
        "split": None if said.split is None else said.split.as_texts(),
        "blamed": said.blamed,
    }


def _meeting(meeting: Meeting | None) -> Document | None:
    if meeting is None:
        return None
    return {"provider": meeting.provider, "terms": meeting.terms, "links": dict(meeting.links)}


def _review(review: Reviewed) -> Document:
    return {"by": review.author, "at": to_text(review.at), "details": dict(review.details), "note": review.note or None}


def _terms(terms: Terms) -> Document:
    return {
        "number": terms.number,
        "occurrence": terms.occurrence,
        "start": to_text(terms.start),
        "end": to_text(terms.end),
        "price": terms.price,
        "kind": terms.kind,
        "details": dict(terms.details),
    }


def _change(change: Change | None, why: Reasons) -> Document | None:
    if change is None:
        return None
    return {"state": change.place.name, "terms": _terms(change.terms), "deadline": _deadline(why.change)}


def _deadline(reason: Reason | None) -> Document | None:
    if reason is None:
        return None
    return {
        "at": to_text(reason.at),
        "state": reason.state,
        "branch": reason.branch,
        "text": reason.text,
        "whole": reason.whole,
        "anchors": {name: to_text(at) for name, at in reason.anchors},
        "then": reason.row.rule.to,
    }
