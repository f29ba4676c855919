"""The kernel: the engine under a virtual clock, the same world for every policy, and nothing that the engine denies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta

import attrs
import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.errors import InvalidValue
from tutorcore.instants import Instant, instant
from tutorcore.lessons.lesson import Lesson
from tutorcore.money import Currency, Money
from tutorcore.policy.codec import load_policy, load_preset
from tutorcore.policy.presets import preset_names
from tutorcore.policy.process import Process
from tutorcore.policy.roles import GRANTED_ROLES
from tutorcore.policy.settlement import Settlement
from tutorcore.sim.deeds import minor_units
from tutorcore.sim.digest import digest_of_run
from tutorcore.sim.distributions import Exponential, Fixed, Uniform
from tutorcore.sim.kernel import Simulation, run_replication
from tutorcore.sim.model import Act, Anchor, Deed, People, Requests, Shift, Standings, Study, Turn
from tutorcore.sim.results import Result, Row
from tutorcore.sim.world import World, world_of
from tutorcore.standing import Standing

HOUR = 3600.0
START = instant("2026-03-16T00:00:00Z")
STANDINGS = Standings(Exponential(24 * HOUR), Exponential(60 * HOUR), 0.3, Exponential(72 * HOUR))


def few(
    *,
    turns: Iterable[Turn] = (),
    acts: Iterable[Act] = (),
) -> Study:
    """A study of a few lessons, each of another student with a tutor of their own as far as there are enough."""
    requests = Requests(40, Fixed(240 * HOUR), Fixed(HOUR), Fixed(20))
    return Study("few", 3, 1, START, 1, ("italki",), People(400, 400), requests, tuple(turns), tuple(acts))


def endings(result: Result) -> Counter[str]:
    """How often lessons ended where."""
    return Counter(row.ending or f"refused: {row.refused}" for row in result.rows)


def test_two_runs_are_equal(study: Study, italki: Process) -> None:
    """The same study, policy and replication give the same rows, totals and digest."""
    assert run_replication(study, italki, 1) == run_replication(study, italki, 1)


def test_a_replication_is_a_world_of_its_own(study: Study, italki: Process) -> None:
    """Another replication, and another seed, is another world."""
    digests = {
        run_replication(study, italki, 1).digest,
        run_replication(study, italki, 2).digest,
        run_replication(attrs.evolve(study, seed=8), italki, 1).digest,
    }

    assert len(digests) == 3


def test_a_world_may_be_given(study: Study, italki: Process) -> None:
    """Whoever has drawn the world already need not have it drawn again."""
    assert run_replication(study, italki, 1, world_of(study, 1)) == run_replication(study, italki, 1)


def test_nearly_everything_happens(study: Study, italki: Process) -> None:
    """The study that these tests share reaches agreements, refusals, silence, problems, changes and reviews."""
    rows = [row for number in (1, 2, 3) for row in run_replication(study, italki, number).rows]
    reached = {row.ending for row in rows}
    done = {verb for row in rows for verb in row.verbs}
    refused = {refusal for row in rows for refusal in row.refusals}

    assert reached >= {"completed", "declined", "expired", "withdrawn", "cancelled", "settled", "resolved"}
    assert done >= {
        "request",
        "accept",
        "decline",
        "propose",
        "withdraw",
        "cancel",
        "join",
        "confirm",
        "report",
        "review",
    }
    assert {("request", "slot_taken"), ("cancel", "guard")} <= refused


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_can_be_simulated(study: Study, name: str) -> None:
    """Under each policy in the box the books balance, every lesson ends, and what students pay others get."""
    result = run_replication(study, load_preset(name), 1)
    lessons = [row for row in result.rows if not row.refused]

    assert lessons
    assert all(row.is_over for row in lessons)
    assert all(row.paid == row.tutor_gets + row.platform_gets for row in lessons)
    assert {total.debit - total.credit for total in result.balance.totals} <= {0}
    assert not any(row.account.startswith("Liabilities:Escrow") for row in result.balance.rows)
    assert result.totals.steps == sum(row.steps for row in lessons)
    assert sum(result.totals.refusals.values()) == sum(len(row.refusals) for row in result.rows)


def test_policies_meet_the_same_world(study: Study) -> None:
    """Row `n` is about the same request under every policy, whatever became of it."""
    rows = [run_replication(study, load_preset(name), 1).rows for name in ("italki", "preply", "cocorico")]

    for wished in zip(*rows, strict=True):
        assert len({(row.lesson, row.tutor, row.student, row.asked, row.kind) for row in wished}) == 1


@pytest.mark.parametrize("name", ["italki", "itutor", "preply", "educai", "tutorful"])
@pytest.mark.parametrize("pause", [timedelta(hours=5), timedelta(days=40)])
def test_the_digest_is_that_of_a_marketplace(study: Study, name: str, pause: timedelta) -> None:
    """What a run did is what a marketplace does with the same commands, however seldom that one is swept."""
    process, world = load_preset(name), world_of(study, 1)
    simulation, storage = Simulation(attrs.evolve(study, standings=STANDINGS), process, world), MemoryStorage()
    simulation.run()
    _repeat(simulation, Marketplace(storage, [process]), study, process, world, pause)
    with storage.reading() as tx:
        histories = [[each.version for each in tx.history(lesson.id)] for lesson in tx.lessons()]
        entries = [posted.entry for posted in tx.entries()]
        standings = [each.standing for tutor, _ in world.tutors for each in tx.standing_history(tutor)]

    assert digest_of_run(histories, entries, standings) == simulation.result().digest


def _repeat(
    simulation: Simulation, market: Marketplace, study: Study, process: Process, world: World, pause: timedelta
) -> None:
    """Carry out the commands of a run in a marketplace that is swept once in a while, and at the end."""
    for id, zone in (*world.tutors, *world.students):
        market.add_party(id, zone=zone, permissions=study.people.permissions)
    for role in GRANTED_ROLES:
        market.add_party(role, zone="UTC", grants=[role])
    rich = Money(10**9, Currency(process.unit.code, process.unit.exponent))
    for id, _ in world.students:
        market.top_up(id, rich, key=f"{id} pays", now=study.start)
    done: list[Lesson | Standing] = [each for course in simulation.courses for each in course.versions if each.command]
    for id, _ in world.tutors:
        recorded = [each.standing for each in simulation.store.standing_history(id)]
        done += [each for each in recorded if each.happening.actor is not None]
    swept = study.start
    for each in sorted(done, key=lambda each: (each.at, isinstance(each, Lesson))):
        if each.at > swept + pause:
            swept = each.at
            market.sweep(now=swept)
        (_done_again(market, each) if isinstance(each, Lesson) else _handled_again(market, each)).or_raise()
    market.sweep(now=study.start + timedelta(days=400))


def _handled_again(market: Marketplace, standing: Standing) -> Outcome:
    happened, tutor, at = standing.happening, standing.tutor, standing.at
    key, by = f"{tutor} {standing.number}", str(happened.actor)
    if happened.kind == "shown":
        return market.standings.show_profile(tutor, key=key, now=at)
    said = {"by": by, "reason": happened.reason, "case": happened.case, "key": key}
    if happened.kind == "lifted":
        return market.standings.lift(tutor, "locked", counter=happened.counter, now=at, **said)
    assert happened.report is not None
    handle = market.standings.dismiss_report if happened.kind == "dismissed" else market.standings.record_report
    return handle(tutor, happened.report, now=at, **said)


def _done_again(market: Marketplace, version: Lesson) -> Outcome:
    said, brief = version.command, version.brief
    assert said is not None
    if version.number > 1:
        return market.act(
            said.verb,
            brief.id,
            by=said.actor,
            key=said.key,
            proposal=said.proposal,
            offer=said.offer,
            reason=said.reason,
            particulars=said.particulars,
            now=version.at,
        )
    terms, unit = version.terms, version.machine.process.unit
    return market.request(
        by=said.actor,
        student=brief.student,
        tutor=brief.tutor,
        start=terms.start,
        duration=terms.duration,
        price=Money(terms.price, Currency(unit.code, unit.exponent)),
        kind=terms.kind,
        key=said.key,
        lesson=brief.id,
        now=version.at,
    )


# Time


@pytest.mark.parametrize(
    ("after", "ending"),
    [(48 * HOUR - 1, "cancelled"), (48 * HOUR, "expired"), (48 * HOUR + 1, "expired")],
    ids=["just before", "exactly at", "just after"],
)
def test_an_answer_counts_if_it_comes_before_the_deadline(italki: Process, after: float, ending: str) -> None:
    """An answer at the very deadline comes too late: time has won."""
    turns = [Turn("tutor", Fixed(after), ((Deed("accept"), 1.0),))]
    acts = [Act("cancels", "student", Deed("cancel"), anchor="agreed", shift=Shift(Fixed(1)))]
    result = run_replication(few(turns=turns, acts=acts), italki, 1)

    assert set(endings(result)) == {ending}
    assert all((row.agreed is None) == (ending == "expired") for row in result.rows)


@pytest.mark.parametrize(
    ("anchor", "shift", "expected"),
    [
        ("asked", Shift(Fixed(60)), lambda row: row.asked + timedelta(seconds=60)),
        ("agreed", Shift(Fixed(60)), lambda row: row.asked + timedelta(seconds=HOUR + 60)),
        ("start", Shift(Fixed(30 * HOUR), "before"), lambda row: row.start - timedelta(hours=30)),
    ],
)
def test_an_intention_is_carried_out_at_its_instant(
    italki: Process, anchor: Anchor, shift: Shift, expected: Callable[[Row], Instant]
) -> None:
    """Before or after the request, the agreement, the start: to the second."""
    turns = [Turn("tutor", Fixed(HOUR), ((Deed("accept"), 1.0),))]
    verb = "withdraw" if anchor == "asked" else "cancel"
    acts = [Act("goes", "student", Deed(verb), anchor=anchor, shift=shift)]
    rows = run_replication(few(turns=turns, acts=acts), italki, 1).rows

    assert [row.ended for row in rows] == [expected(row) for row in rows]


def test_an_intention_moves_with_the_terms(italki: Process) -> None:
    """What is meant for a day before the start is done a day before the start that is agreed in the end."""
    turns = [
        Turn("tutor", Fixed(HOUR), ((Deed("propose", start=Shift(Fixed(48 * HOUR))), 1.0),), ("requested",)),
        Turn("student", Fixed(HOUR), ((Deed("accept"), 1.0),)),
    ]
    acts = [Act("cancels", "student", Deed("cancel"), shift=Shift(Fixed(30 * HOUR), "before"))]
    study = few(turns=turns, acts=acts)
    result, wishes = run_replication(study, italki, 1), world_of(study, 1).wishes

    assert set(endings(result)) == {"cancelled"}
    for row, wish in zip(result.rows, wishes, strict=True):
        assert row.start == wish.start + timedelta(hours=48)
        assert row.ended == row.start - timedelta(hours=30)


def test_an_intention_whose_time_has_passed_comes_to_nothing(italki: Process) -> None:
    """Whoever meant to cancel eleven days before a lesson that was asked for ten days ahead never tries."""
    turns = [Turn("tutor", Fixed(HOUR), ((Deed("accept"), 1.0),))]
    acts = [Act("cancels", "student", Deed("cancel"), shift=Shift(Fixed(264 * HOUR), "before"))]
    result = run_replication(few(turns=turns, acts=acts), italki, 1)

    assert set(endings(result)) == {"completed"}
    assert result.totals.refusals == {}


# Turns


def test_each_turn_is_drawn_anew(italki: Process) -> None:
    """Whoever is asked again thinks again: the tutor's answer to a change is not that to the request."""
    turns = [
        Turn("tutor", Uniform(HOUR, 20 * HOUR), ((Deed("accept"), 1.0),), ("requested",)),
        Turn("tutor", Uniform(HOUR, 20 * HOUR), ((Deed("accept"), 0.5), (Deed("decline"), 0.5))),
    ]
    acts = [Act("moves", "student", Deed("propose", start=Shift(Fixed(24 * HOUR))), anchor="agreed")]
    rows = run_replication(few(turns=turns, acts=acts), italki, 1).rows

    assert {row.verbs for row in rows} == {
        ("request", "accept", "propose", "accept"),
        ("request", "accept", "propose", "decline"),
    }


def test_the_rest_is_silence(italki: Process) -> None:
    """A turn with half a chance of an answer leaves the other half to the deadline."""
    result = run_replication(few(turns=[Turn("tutor", Fixed(HOUR), ((Deed("decline"), 0.5),))]), italki, 1)
    found = endings(result)

    assert set(found) == {"declined", "expired"}
    assert all(row.tutor_marks == (("missed_request",) if row.ending == "expired" else ()) for row in result.rows)


def test_a_role_of_the_marketplace_has_turns_too(italki: Process) -> None:
    """A dispute waits for an operator, who decides it as the study says."""
    half = Deed("resolve", reason="seen", split=Settlement.of({"tutor": "50%", "student": "rest"}), blamed="tutor")
    turns = [
        Turn("tutor", Fixed(HOUR), ((Deed("accept"), 1.0),), ("requested",)),
        Turn("tutor", Fixed(HOUR), ((Deed("decline"), 1.0),), ("problem_by_student",)),
        Turn("operator", Fixed(72 * HOUR), ((half, 1.0),)),
    ]
    problem = Deed("report", reason="quality", remedy="refund")
    rows = run_replication(
        few(turns=turns, acts=[Act("complains", "student", problem, anchor="end", shift=Shift(Fixed(HOUR)))]), italki, 1
    ).rows

    assert {row.ending for row in rows} == {"resolved"}
    assert {row.ended - row.end for row in rows if row.ended} == {timedelta(hours=74)}
    assert {(row.paid, row.tutor_gets, row.platform_gets) for row in rows} == {(100, 85, 15)}


# Acts


def test_acts_exclude_and_require_each_other(italki: Process) -> None:
    """Intended unless another is, and only if another is: in the world already, before any policy."""
    acts = [
        Act("absent", "tutor", None, 0.5),
        Act("joins", "tutor", Deed("join"), unless=("absent",)),
        Act("complains", "student", Deed("report", reason="tutor_absent", remedy="refund"), only_if=("absent",)),
    ]
    turns = [Turn("tutor", Fixed(HOUR), ((Deed("accept"), 1.0),), ("requested",))]
    rows = run_replication(few(turns=turns, acts=acts), italki, 1).rows
    done = Counter(row.verbs for row in rows)

    assert set(done) == {("request", "accept", "join"), ("request", "accept", "report")}
    assert {row.ending for row in rows if "report" in row.verbs} == {"settled"}


def test_what_is_refused_is_counted_and_changes_nothing(italki: Process) -> None:
    """A cancellation an hour before the start is refused by the policy; the lesson takes place."""
    turns = [Turn("tutor", Fixed(HOUR), ((Deed("accept"), 1.0),))]
    acts = [Act("cancels", "student", Deed("cancel"), shift=Shift(Fixed(HOUR), "before"))]
    result = run_replication(few(turns=turns, acts=acts), italki, 1)

    assert {row.refusals for row in result.rows} == {(("cancel", "guard"),)}
    assert result.totals.refusals == {"guard": len(result.rows)}
    assert all(row.is_taught for row in result.rows)


def test_what_a_policy_does_not_know_is_not_done(italki: Process) -> None:
    """A verb of another policy is neither done nor refused."""
    turns = [Turn("tutor", Fixed(HOUR), ((Deed("contest"), 1.0),))]
    acts = [Act("claims", "student", Deed("claim_no_show"), anchor="asked", shift=Shift(Fixed(60)))]
    result = run_replication(few(turns=turns, acts=acts), italki, 1)

    assert set(endings(result)) == {"expired"}
    assert result.totals.refusals == {}


def test_adding_an_act_changes_no_other_draw(study: Study, italki: Process) -> None:
    """An act that does nothing leaves the run as it was: draws are keyed by purpose."""
    more = attrs.evolve(study, acts=(Act("nothing", "student", None, 0.5), *study.acts))

    assert run_replication(more, italki, 1) == run_replication(study, italki, 1)


# Money


def test_a_price_is_the_same_in_whole_units(italki: Process) -> None:
    """Twenty are 200 tenths of an ITC and 2000 cents; what cannot be paid exactly is rounded."""
    study = few(turns=[Turn("tutor", Fixed(HOUR), ((Deed("accept"), 1.0),))])

    assert {row.price for row in run_replication(study, italki, 1).rows} == {200}
    assert {row.price for row in run_replication(study, load_preset("preply"), 1).rows} == {2000}
    assert minor_units(20.04, italki.unit) == 200


def test_a_proposal_may_be_about_the_price(italki: Process) -> None:
    """A tutor asks for half as much again, and the student's wallet covers it."""
    turns = [
        Turn("tutor", Fixed(HOUR), ((Deed("propose", price_times=Fixed(1.5)), 1.0),), ("requested",)),
        Turn("student", Fixed(HOUR), ((Deed("accept"), 1.0),), ("proposed",)),
    ]
    rows = run_replication(few(turns=turns), italki, 1).rows

    assert {(row.price, row.paid, row.tutor_gets, row.platform_gets) for row in rows} == {(300, 300, 255, 45)}
    assert {row.held for row in rows} == {row.ended - row.asked for row in rows if row.ended}


# Standings


def silent(days: int, standings: Standings) -> Study:
    """A study of one tutor who never answers anybody."""
    return Study(
        "silent", 5, 1, START, days, ("italki",), People(1, 50), Requests(4, Fixed(240 * HOUR), Fixed(HOUR), Fixed(20)),
        standings=standings,
    )  # fmt: skip


def test_who_never_answers_is_asked_no_more() -> None:
    """Under italki a tutor who misses requests is hidden: new students can ask no more, for ever if nobody acts."""
    result = run_replication(silent(10, Standings()), load_preset("italki"), 1)

    assert result.rows[-1].refused == "guard"
    assert result.totals.reports["missed_request"] >= 2
    assert result.totals.restricted["hidden"] == 1


def test_tutors_show_their_profiles_again() -> None:
    """A tutor who shows the profile again is asked again, and hidden again, until only the platform can help."""
    result = run_replication(silent(40, Standings(shows=Fixed(HOUR))), load_preset("italki"), 1)

    assert result.totals.reports["missed_request"] >= 4
    assert result.totals.restricted["locked"] == 1
    assert result.totals.lessons > run_replication(silent(40, Standings()), load_preset("italki"), 1).totals.lessons


def test_what_the_platform_locks_it_lifts() -> None:
    """A lock is lifted after its time, and then the tutor shows the profile."""
    habits = Standings(shows=Fixed(HOUR), lifts=Fixed(24 * HOUR))
    result = run_replication(silent(60, habits), load_preset("italki"), 1)

    assert result.totals.restricted == {}


@pytest.mark.parametrize(("dismisses", "state"), [(0.0, "recorded"), (1.0, "dismissed")])
def test_agents_handle_reports(dismisses: float, state: str) -> None:
    """Each report is dismissed or recorded, for a reason that the policy allows."""
    habits = Standings(handles=Fixed(24 * HOUR), dismisses=dismisses)
    simulation = Simulation(silent(20, habits), load_preset("italki"), world_of(silent(20, habits), 1))
    simulation.run()
    (standing,) = simulation.store.standings()

    assert {report.state for report in standing.reports} == {state}
    assert simulation.result().totals.refusals.keys().isdisjoint({"bad_terms", "missing", "not_open", "not_yours"})


_CIRCLE = """
extends = "process/1"
id = "circle"
version = "1"
currency = "EUR"
opening = { verb = "ask", by = ["student"], to = "here", terms = "propose" }
state.here.timeout = { at = "entered + 1h", to = "there" }
state.there.timeout = { at = "entered + 1h", to = "here" }
"""
_HAGGLE = """
extends = "process/1"
id = "haggle"
version = "1"
currency = "EUR"
opening = { verb = "ask", by = ["student"], to = "asked", terms = "propose" }
[state.asked]
waits_for = "tutor"
on.bid = { by = ["tutor"], to = "bidden", terms = "propose", may_change = ["start"] }
timeout = { at = "entered + 1h", to = "done", settle = { student = "rest" } }
[state.bidden]
waits_for = "student"
on.bid = { by = ["student"], to = "asked", terms = "propose", may_change = ["start"] }
timeout = { at = "entered + 1h", to = "done", settle = { student = "rest" } }
[state.done]
over = true
"""


@pytest.mark.parametrize("text", [_CIRCLE, _HAGGLE])
def test_a_lesson_that_would_go_on_for_ever_ends_the_study(text: str) -> None:
    """With the lesson and the policy: no time passes while people answer at once, and some tables never end."""
    bid = Deed("bid", start=Shift(Fixed(60)))
    turns = [Turn(role, Fixed(0), ((bid, 1.0),)) for role in ("tutor", "student")]

    with pytest.raises(InvalidValue, match=r"steps of lesson L000001 under (circle|haggle)@1 is 501"):
        run_replication(few(turns=turns), load_policy(text), 1)
