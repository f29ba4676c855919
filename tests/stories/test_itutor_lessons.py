"""ITR-3, ITR-4, ITR-8 and ITR-11: going in, what happens at the end, reminders, and calling a lesson off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tutorcore import Lesson, Marketplace, Preview, instant, load_preset
from tutorcore.policy.settlement import Settlement

Book = Callable[..., Lesson]
Books = Callable[..., dict[str, str]]
Told = Callable[[Marketplace, str], list[tuple[str, set[str]]]]
Blamed = Callable[[Marketplace, str], list[tuple[str | None, str | None]]]
Edge = tuple[timedelta, bool]

_START = "2026-03-05T10:00:00Z"
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(hours=24)
_MICROSECOND = timedelta(microseconds=1)
_ALL_BACK = {
    "Assets:Bank": "2000.00",
    "Liabilities:Students:Ann:Wallet": "1000.00",
    "Liabilities:Students:Sue:Wallet": "1000.00",
}
# 100.00 paid to the tutor, less 15 %.
_PAID = _ALL_BACK | {
    "Liabilities:Students:Ann:Wallet": "900.00",
    "Liabilities:Tutors:Tom:Available": "85.00",
    "Income:Fees:Commission": "15.00",
}


def _offered_to(market: Marketplace, lesson: Lesson, who: str, at: timedelta) -> list[str]:
    """The moves open to somebody so long after the start."""
    return [option.verb for option in market.allowed(lesson.id, by=who, now=lesson.terms.start + at)]


def _reminders(market: Marketplace) -> list[tuple[str, set[str], timedelta]]:
    """The reminders sent: of which lesson, to whom, and how long before its end each was due."""
    sent = [row.message for row in market.outbox() if row.message.kind == "reminder"]
    ends = {lesson.id: lesson.terms.end for lesson in market.lessons(now=instant("2018-01-01T00:00:00Z"))}
    return [(each.lesson, set(each.audience), ends[each.lesson] - each.at) for each in sent]


# ITR-3: joining.


@pytest.mark.parametrize("who", ["ann", "tom"])
def test_itr_3_the_button_to_join_appears_exactly_ten_minutes_before_the_start(
    itutor: Marketplace, book: Book, edge: Edge, who: str
) -> None:
    """A microsecond earlier there is none and joining is refused; from then on both may go in."""
    after, too_early = edge
    lesson = book(itutor, _START)

    buttons = _offered_to(itutor, lesson, who, -10 * _MINUTE + after)
    outcome = itutor.join(lesson.id, by=who, key="in", now=lesson.terms.start - 10 * _MINUTE + after)

    assert ("join" in buttons) is not too_early
    assert outcome.ok is not too_early
    if too_early:
        assert outcome.refusal is not None
        assert outcome.refusal.facts["condition"] == "now >= lesson.start - 10m"


@pytest.mark.parametrize("who", ["ann", "tom"])
def test_itr_3_the_button_stays_until_the_lesson_is_over(itutor: Marketplace, book: Book, edge: Edge, who: str) -> None:
    """Through the whole lesson people may come, leave and come back; at its end nobody goes in any more."""
    after, still_on = edge
    lesson = book(itutor, _START)

    assert "join" in _offered_to(itutor, lesson, who, timedelta(0))
    assert ("join" in _offered_to(itutor, lesson, who, _HOUR + after)) is still_on


def test_itr_3_strangers_never_see_the_button(itutor: Marketplace, book: Book) -> None:
    """Joining is for the two of the lesson."""
    lesson = book(itutor, _START)

    assert [_offered_to(itutor, lesson, who, timedelta(0)) for who in ("sue", "tim")] == [[], []]


def test_itr_3_a_lesson_agreed_within_its_last_ten_minutes_can_be_joined_at_once(
    itutor: Marketplace, book: Book
) -> None:
    """The ten minutes are before the start, not after the agreement."""
    lesson = book(itutor, _START, ahead=3 * _MINUTE)

    assert "join" in _offered_to(itutor, lesson, "ann", -2 * _MINUTE)


def test_itr_3_joining_changes_nothing_but_what_is_known(itutor: Marketplace, book: Book, told: Told) -> None:
    """It moves neither money nor deadline nor turn, and nobody is written to about it."""
    lesson = book(itutor, _START)
    before = told(itutor, lesson.id)

    joined = itutor.join(lesson.id, by="tom", key="in", now=lesson.terms.start - _MINUTE).or_raise().lesson

    assert joined is not None
    assert (joined.state, joined.terms, joined.due, joined.held, joined.legs) == (
        *("agreed", lesson.terms, lesson.due, 10_000, ()),
    )
    assert told(itutor, lesson.id) == before


# ITR-4: the end.


def test_itr_4_a_lesson_completes_by_itself_at_its_scheduled_end(
    itutor: Marketplace, book: Book, books: Books, told: Told, blamed: Blamed, edge: Edge
) -> None:
    """A microsecond earlier it is going on; at the end it is complete and the tutor is paid out of escrow."""
    after, going_on = edge
    lesson = book(itutor, _START)

    seen = itutor.lesson(lesson.id, now=lesson.terms.end + after)
    itutor.sweep(now=lesson.terms.end + after)

    assert seen.state == ("in_progress" if going_on else "completed")
    assert blamed(itutor, lesson.id) == []
    if not going_on:
        assert (seen.at, seen.legs) == (lesson.terms.end, (("tutor", 8_500), ("platform", 1_500)))
        assert books(itutor, "TTD") == _PAID
        assert told(itutor, lesson.id)[-2:] == [("in_progress", {"ann", "tom"}), ("completed", {"ann", "tom"})]


def test_itr_4_the_end_is_that_of_the_schedule_whoever_came_or_left(
    itutor: Marketplace, book: Book, books: Books
) -> None:
    """Nobody confirms anything, and without a claim it does not matter who joined: the lesson is over and paid."""
    silent, left_early = book(itutor, _START), book(itutor, "2026-03-06T10:00:00Z", key="second", student="sue")
    start = left_early.terms.start
    itutor.join(left_early.id, by="tom", key="tom in", now=start).or_raise()
    itutor.act("leave", left_early.id, by="tom", key="tom out", now=start + _MINUTE).or_raise()

    itutor.sweep(now=start + _DAY)

    ended = [itutor.history(each.id)[-1].version for each in (silent, left_early)]
    assert [(each.state, each.at) for each in ended] == [
        ("completed", silent.terms.end),
        ("completed", left_early.terms.end),
    ]
    assert itutor.earnings("tom", "TTD", now=start + _DAY).available.text == "170.00"
    assert "confirm" not in load_preset("itutor").verbs


def test_itr_4_it_is_complete_at_its_end_whenever_that_is_noticed(
    itutor: Marketplace, book: Book, books: Books, told: Told
) -> None:
    """A month without a sweep changes neither the instants nor the money."""
    lesson = book(itutor, _START)

    itutor.sweep(now=lesson.terms.end + 30 * _DAY)

    assert [(each.version.state, each.version.at) for each in itutor.history(lesson.id)[2:]] == [
        ("in_progress", lesson.terms.start),
        ("completed", lesson.terms.end),
    ]
    assert books(itutor, "TTD") == _PAID


def test_itr_4_afterwards_both_may_leave_a_review_once(itutor: Marketplace, book: Book, told: Told) -> None:
    """Each says it once, the other side is told, and everybody can read it."""
    lesson = book(itutor, _START)
    now = lesson.terms.end

    by_ann = itutor.review(lesson.id, by="ann", details={"stars": "5"}, note="Clear.", key="a", now=now)
    by_tom = itutor.review(lesson.id, by="tom", details={"stars": "4"}, note="Prepared.", key="t", now=now + _DAY)
    again = itutor.review(lesson.id, by="ann", details={"stars": "1"}, key="again", now=now + 2 * _DAY)

    assert (by_ann.ok, by_tom.ok) == (True, True)
    assert again.refusal is not None
    assert again.refusal.code == "guard"
    assert itutor.reviews(lesson.id, now=now + 3 * _DAY) == (
        ("ann", now, (("stars", "5"),), "Clear."),
        ("tom", now + _DAY, (("stars", "4"),), "Prepared."),
    )
    assert told(itutor, lesson.id)[-2:] == [("review", {"tom"}), ("review", {"ann"})]
    assert itutor.lesson(lesson.id, now=now + 3 * _DAY).state == "completed"


@pytest.mark.parametrize("who", ["ann", "tom"])
def test_itr_4_a_review_is_possible_from_the_end_on(itutor: Marketplace, book: Book, edge: Edge, who: str) -> None:
    """While the lesson is going on nobody reviews it yet."""
    after, going_on = edge
    lesson = book(itutor, _START)

    buttons = _offered_to(itutor, lesson, who, _HOUR + after)
    outcome = itutor.review(lesson.id, by=who, key="r", now=lesson.terms.end + after)

    assert ("review" in buttons) is not going_on
    assert outcome.ok is not going_on


@pytest.mark.parametrize("by", ["sue", "tim", "olga", "robot"])
def test_itr_4_nobody_reviews_the_lessons_of_others(itutor: Marketplace, book: Book, by: str) -> None:
    """Reviews are those of student and tutor."""
    lesson = book(itutor, _START)

    refused = itutor.review(lesson.id, by=by, key="r", now=lesson.terms.end)

    assert refused.refusal is not None
    assert refused.refusal.code == "not_yours"


def test_itr_4_there_is_no_review_of_a_lesson_that_did_not_take_place(itutor: Marketplace, book: Book) -> None:
    """Neither of a cancelled one nor of a no-show."""
    cancelled, missed = book(itutor, _START), book(itutor, "2026-03-06T10:00:00Z", key="second")
    itutor.cancel(cancelled.id, by="ann", key="off", now=cancelled.at + _HOUR).or_raise()
    itutor.join(missed.id, by="tom", key="in", now=missed.terms.start).or_raise()
    itutor.claim_no_show(missed.id, by="tom", key="nobody", now=missed.terms.start + _HOUR / 2).or_raise()
    now = missed.terms.start + 3 * _DAY

    refused = [itutor.review(each.id, by="ann", key=each.id, now=now).refusal for each in (cancelled, missed)]

    assert [each.code if each else None for each in refused] == ["not_open", "not_open"]


# ITR-8: grace, the warning before the end, evidence, and what is not kept.


def test_itr_8_the_tutor_is_reminded_once_five_minutes_before_the_end(itutor: Marketplace, book: Book) -> None:
    """Sweeps before bring nothing, the first one from then on brings it, and those after it bring nothing more."""
    lesson = book(itutor, _START)
    due = lesson.terms.end - 5 * _MINUTE
    sweeps = (lesson.terms.start, due - _MICROSECOND, due, due + _MINUTE, lesson.terms.end, lesson.terms.end + _DAY)

    sent = [itutor.sweep(now=now).reminders for now in sweeps]

    assert sent == [0, 0, 1, 0, 0, 0]
    assert _reminders(itutor) == [(lesson.id, {"tom"}, 5 * _MINUTE)]
    assert itutor.history(lesson.id)[-1].version.number == 4, "a reminder is no step of the lesson"


@pytest.mark.parametrize(
    "swept",
    [
        pytest.param(-2 * _MINUTE, id="two minutes before the end"),
        pytest.param(timedelta(0), id="at the end"),
        pytest.param(30 * _DAY, id="a month later"),
    ],
)
def test_itr_8_a_sweep_that_comes_late_reminds_once_as_of_when_it_was_due(
    itutor: Marketplace, book: Book, swept: timedelta
) -> None:
    """However late, there is one reminder, and it says for when it was meant."""
    lesson = book(itutor, _START)

    for number in range(3):
        itutor.sweep(now=lesson.terms.end + swept + number * _MICROSECOND)

    assert _reminders(itutor) == [(lesson.id, {"tom"}, 5 * _MINUTE)]


def test_itr_8_a_command_late_in_the_lesson_brings_the_reminder_no_second_time(itutor: Marketplace, book: Book) -> None:
    """Whoever acts while it is due takes nothing from it and adds nothing to it."""
    lesson = book(itutor, _START)
    start = lesson.terms.start
    itutor.join(lesson.id, by="tom", key="in", now=start).or_raise()
    itutor.act("leave", lesson.id, by="tom", key="out", now=start + 56 * _MINUTE).or_raise()
    itutor.join(lesson.id, by="tom", key="back", now=start + 57 * _MINUTE).or_raise()

    itutor.sweep(now=start + 58 * _MINUTE)
    itutor.sweep(now=lesson.terms.end)

    assert _reminders(itutor) == [(lesson.id, {"tom"}, 5 * _MINUTE)]


@pytest.mark.parametrize("ending", ["cancelled", "claimed"])
def test_itr_8_nobody_is_reminded_of_the_end_of_a_lesson_that_is_not_going_on(
    itutor: Marketplace, book: Book, ending: str
) -> None:
    """What was called off, or is a no-show by then, has no end to be warned of."""
    lesson = book(itutor, _START)
    if ending == "cancelled":
        itutor.cancel(lesson.id, by="tom", key="off", now=lesson.terms.start - _HOUR).or_raise()
    else:
        itutor.join(lesson.id, by="tom", key="in", now=lesson.terms.start).or_raise()
        itutor.claim_no_show(lesson.id, by="tom", key="nobody", now=lesson.terms.start + _HOUR / 2).or_raise()

    itutor.sweep(now=lesson.terms.end)

    assert _reminders(itutor) == []


def test_itr_8_a_few_minutes_late_is_on_time(itutor: Marketplace, book: Book, blamed: Blamed) -> None:
    """Both come within the first minutes: nobody has anything to claim that would hold."""
    lesson = book(itutor, _START)
    start = lesson.terms.start
    itutor.join(lesson.id, by="tom", key="tom in", now=start + 4 * _MINUTE).or_raise()
    itutor.join(lesson.id, by="ann", key="ann in", now=start + 6 * _MINUTE).or_raise()

    for who in ("ann", "tom"):
        assert "claim_no_show" not in _offered_to(itutor, lesson, who, 19 * _MINUTE)
    assert itutor.lesson(lesson.id, now=lesson.terms.end).state == "completed"
    assert blamed(itutor, lesson.id) == []


def test_itr_8_a_claim_may_carry_a_note_as_evidence(itutor: Marketplace, book: Book) -> None:
    """It is kept with the claim, whoever decides can read it, and it decides nothing by itself."""
    lesson = book(itutor, _START)
    start = lesson.terms.start
    itutor.join(lesson.id, by="tom", key="in", now=start).or_raise()
    note = "I waited alone and wrote to her at 10:05 and 10:15."

    itutor.claim_no_show(lesson.id, by="tom", note=note, key="nobody", now=start + 20 * _MINUTE).or_raise()
    itutor.contest(lesson.id, by="ann", note="My line was down.", key="no", now=start + 30 * _MINUTE).or_raise()

    commands = [each.version.command for each in itutor.history(lesson.id)]
    assert [command.note for command in commands if command and command.note] == [note, "My line was down."]
    itutor.resolve(
        lesson.id,
        by="olga",
        split=Settlement.of({"tutor": "50%", "student": "rest"}),
        reason="both have been read",
        key="decide",
        now=start + _HOUR,
    ).or_raise()


def test_itr_8_nothing_records_a_lesson() -> None:
    """What the policy can put on record is who came, who left, where to go and what was said of it afterwards."""
    process = load_preset("itutor")

    facts = {move.effects.records for state in process.states for move in state.moves}

    assert facts == {None, "joined", "left", "meeting", "reviewed"}


# ITR-11: calling it off.

# Twenty-four hours are twenty-four elapsed hours, whatever the clocks on the wall do meanwhile.
_LAST_AND_START = [
    pytest.param("2026-06-19T10:00:00Z", "2026-06-20T10:00:00Z", id="an ordinary day"),
    # Berlin springs forward in between: 11:00 +01:00 on the 28th, 12:00 +02:00 on the 29th.
    pytest.param("2026-03-28T10:00:00Z", "2026-03-29T10:00:00Z", id="spring in Berlin"),
    # New York falls back in between: 13:00 -04:00 on the 31st, 12:00 -05:00 on the 1st.
    pytest.param("2026-10-31T17:00:00Z", "2026-11-01T17:00:00Z", id="autumn in New York"),
]


@pytest.mark.parametrize(("last", "start"), _LAST_AND_START)
@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itr_11_24_hours_or_more_ahead_cancelling_is_free_and_later_it_depends_on_who_cancels(
    itutor: Marketplace,
    book: Book,
    books: Books,
    told: Told,
    blamed: Blamed,
    edge: Edge,
    by: str,
    last: str,
    start: str,
) -> None:
    """At exactly 24 hours it is still free for both; a microsecond later the student pays, or the tutor is marked."""
    after, _ = edge
    is_late = after > timedelta(0)
    lesson = book(itutor, start)

    cancelled = itutor.cancel(lesson.id, by=by, key="off", now=instant(last) + after).or_raise().lesson

    assert cancelled is not None
    assert (cancelled.state, cancelled.held) == ("cancelled", 0)
    assert books(itutor, "TTD") == (_PAID if is_late and by == "ann" else _ALL_BACK)
    assert blamed(itutor, lesson.id) == ([("tutor", "late_cancel")] if is_late and by == "tom" else [])
    assert told(itutor, lesson.id)[-1] == ("cancel", {"ann", "tom"} - {by})


@pytest.mark.parametrize(
    ("by", "legs", "fault"),
    [("ann", (("tutor", 8_500), ("platform", 1_500)), None), ("tom", (("payer", 10_000),), "tutor")],
)
def test_itr_11_what_a_late_cancellation_costs_is_shown_before_it_is_made(
    itutor: Marketplace, book: Book, by: str, legs: tuple[tuple[str, int], ...], fault: str | None
) -> None:
    """The question before the button is pressed is answered by the very rule that would decide."""
    lesson = book(itutor, _START)

    shown = itutor.preview("cancel", lesson.id, by=by, now=lesson.terms.start - _HOUR)

    assert isinstance(shown, Preview)
    assert (shown.legs, shown.lesson.step.fault) == (legs, fault)
    assert itutor.lesson(lesson.id, now=lesson.terms.start - _HOUR) == lesson


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itr_11_a_lesson_that_has_begun_is_not_called_off_any_more(
    itutor: Marketplace, book: Book, books: Books, edge: Edge, by: str
) -> None:
    """Until the start either side may cancel, at its price; at the start the lesson takes place."""
    after, in_time = edge
    lesson = book(itutor, _START)

    outcome = itutor.cancel(lesson.id, by=by, key="off", now=lesson.terms.start + after)

    assert outcome.ok is in_time
    if in_time:
        assert books(itutor, "TTD") == {"ann": _PAID, "tom": _ALL_BACK}[by]
    else:
        assert outcome.refusal is not None
        assert outcome.refusal.code == "not_open"
        assert itutor.lesson(lesson.id, now=lesson.terms.start + after).held == 10_000


@pytest.mark.parametrize("by", ["ann", "tom"])
def test_itr_11_a_lesson_booked_less_than_24_hours_ahead_is_late_from_the_first(
    itutor: Marketplace, book: Book, books: Books, by: str
) -> None:
    """Notice is counted to the start, not from the booking."""
    lesson = book(itutor, _START, ahead=_DAY)

    itutor.cancel(lesson.id, by=by, key="off", now=lesson.at + _MINUTE).or_raise()

    assert books(itutor, "TTD") == {"ann": _PAID, "tom": _ALL_BACK}[by]


def test_itr_11_the_time_of_a_cancelled_lesson_is_free_again(itutor: Marketplace, book: Book) -> None:
    """Somebody else can have it at once, and it is nobody's upcoming lesson any more."""
    lesson = book(itutor, _START)
    itutor.cancel(lesson.id, by="tom", key="off", now=lesson.at + _MINUTE).or_raise()

    other = book(itutor, _START, student="sue", key="sue", ahead=_DAY)

    assert [each.id for each in itutor.upcoming("tom", now=other.at)] == [other.id]
    assert itutor.upcoming("ann", now=other.at) == ()


@pytest.mark.parametrize("by", ["sue", "tim", "olga", "robot"])
def test_itr_11_nobody_cancels_the_lessons_of_others(itutor: Marketplace, book: Book, by: str) -> None:
    """The rule names student and tutor."""
    lesson = book(itutor, _START)

    refused = itutor.cancel(lesson.id, by=by, key="off", reason="no reason", now=lesson.at + _HOUR)

    assert refused.refusal is not None
    assert refused.refusal.code == "not_yours"
