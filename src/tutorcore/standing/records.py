"""Records: a standing in plain values, the form in which stores keep it.

A record holds integers, texts, lists and tables of them; instants are microseconds since 1970. What is at its default
is left out, and `tutorcore.lessons.records.encode` gives the same bytes for the same standing. Reading a record back
gives an equal standing.
"""

from __future__ import annotations

from datetime import date

from tutorcore.ids import LessonId, PartyId
from tutorcore.instants import Instant, from_micros, to_micros
from tutorcore.lessons.records import Plain
from tutorcore.standing.standing import Happening, Imposed, Lapse, Report, Reset, Standing


def standing_record(standing: Standing) -> dict[str, Plain]:
    """Return the standing in plain values, which JSON can say."""
    plain: dict[str, Plain] = {
        "tutor": standing.tutor,
        "number": standing.number,
        "at": to_micros(standing.at),
        "happening": _happening(standing.happening),
    }
    if standing.reports:
        plain["reports"] = [_report(report) for report in standing.reports]
    if standing.imposed:
        plain["imposed"] = [_imposed(each) for each in standing.imposed]
    if standing.resets:
        plain["resets"] = [[counter, to_micros(at), last] for counter, at, last in standing.resets]
    if standing.broken:
        plain["broken"] = [[counter, to_micros(at)] for counter, at in standing.broken]
    return plain


def standing_of(plain: Plain) -> Standing:
    """Return the standing that `standing_record` made plain."""
    return Standing(
        PartyId(plain["tutor"]),
        plain["number"],
        from_micros(plain["at"]),
        _happening_of(plain["happening"]),
        tuple(_report_of(each) for each in plain.get("reports", ())),
        tuple(_imposed_of(each) for each in plain.get("imposed", ())),
        tuple(Reset(counter, from_micros(at), last) for counter, at, last in plain.get("resets", ())),
        tuple((counter, from_micros(at)) for counter, at in plain.get("broken", ())),
    )


def _happening(happening: Happening) -> Plain:
    plain: dict[str, Plain] = {"kind": happening.kind}
    for name in ("counter", "report", "actor", "reason", "case", "note"):
        value = getattr(happening, name)
        if value not in (None, ""):
            plain[name] = value
    if happening.effects:
        plain["effects"] = list(happening.effects)
    return plain


def _happening_of(plain: Plain) -> Happening:
    return Happening(**{**plain, "effects": tuple(plain.get("effects", ()))})


def _report(report: Report) -> Plain:
    plain: dict[str, Plain] = {
        "number": report.number,
        "counter": report.counter,
        "points": report.points,
        "lapses": [[each.lesson, each.number, each.mark, to_micros(each.at)] for each in report.lapses],
        "raised": to_micros(report.raised),
        "state": report.state,
    }
    if report.day is not None:
        plain["day"] = report.day.isoformat()
    return plain


def _report_of(plain: Plain) -> Report:
    day = plain.get("day")
    return Report(
        plain["number"],
        plain["counter"],
        None if day is None else date.fromisoformat(day),
        plain["points"],
        tuple(Lapse(LessonId(lesson), number, mark, from_micros(at)) for lesson, number, mark, at in plain["lapses"]),
        from_micros(plain["raised"]),
        plain["state"],
    )


def _imposed(imposed: Imposed) -> Plain:
    plain: dict[str, Plain] = {
        "effect": imposed.effect,
        "since": to_micros(imposed.since),
        "report": imposed.report,
        "counter": imposed.counter,
        "rung": imposed.rung,
    }
    if imposed.until is not None:
        plain["until"] = to_micros(imposed.until)
    if imposed.liftable_from is not None:
        plain["liftable_from"] = to_micros(imposed.liftable_from)
    if imposed.lifted_by is not None:
        plain["lifted_by"] = imposed.lifted_by
    return plain


def _imposed_of(plain: Plain) -> Imposed:
    return Imposed(
        plain["effect"],
        from_micros(plain["since"]),
        _instant(plain.get("until")),
        _instant(plain.get("liftable_from")),
        plain.get("lifted_by"),
        plain["report"],
        plain["counter"],
        plain["rung"],
    )


def _instant(micros: int | None) -> Instant | None:
    return None if micros is None else from_micros(micros)
