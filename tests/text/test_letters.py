"""What people read of their lessons: the whole letter in English, and what must not be wrong in any language."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import attrs
import pytest

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import Instant, instant
from tutorcore.lessons import (
    NO_FACTS,
    Brief,
    Command,
    Facts,
    Lesson,
    Offer,
    Particulars,
    advance,
    decide,
    next_deadline,
)
from tutorcore.lessons.options import shuts
from tutorcore.policy import Settlement, load_policy, load_preset, machine_of
from tutorcore.policy.machine import Machine
from tutorcore.policy.process import Timeout
from tutorcore.policy.roles import Role
from tutorcore.testing.samples import sample_policies
from tutorcore.testing.versions import ANN, DAY, HOUR, LESSON, NOW, PAM, ROBOT, TOM, WEEK, requested
from tutorcore.text.letters import Cast, Letter, Reader, lesson_letter, reminder_letter
from tutorcore.text.rules import outcome_words, settlement_words
from tutorcore.text.words import words_for

BERLIN: Final = "Europe/Berlin"
NEW_YORK: Final = "America/New_York"
START: Final = NOW + WEEK  # Monday, March 9; New York's clocks were put forward the day before.
SECOND: Final = timedelta(seconds=1)
EN: Final = words_for("en")

CAST: Final = Cast({ANN: "Ann Lee", TOM: "Tom Maier", PAM: "Pam Lee"}, {ANN: NEW_YORK, TOM: BERLIN, PAM: NEW_YORK})
TO_ANN: Final = Reader(ANN, NEW_YORK)
TO_TOM: Final = Reader(TOM, BERLIN)
TO_DESK: Final = Reader(None, "UTC", "operator")


def done(
    lesson: Lesson,
    verb: str,
    by: PartyId,
    now: Instant,
    *,
    offer: Offer | None = None,
    reason: str = "",
    note: str = "",
    said: Particulars | None = None,
    grants: tuple[Role, ...] = (),
    facts: Facts = NO_FACTS,
) -> Lesson:
    """The version after somebody did `verb`; what has a number is answered by it."""
    asks_for_one = verb in ("accept", "take", "meeting_ready")
    number = None if not asks_for_one else lesson.proposal if lesson.problem is None else lesson.problem.number
    command = Command(verb, by, Key(f"{verb} {lesson.number}"), lesson.id, number, offer, reason, note, said)
    answer = decide(lesson.machine, lesson, command, attrs.evolve(facts, grants=frozenset(grants)), now)
    assert isinstance(answer, Lesson), answer.sentence
    return answer


def agreed(start: Instant = START) -> Lesson:
    """A lesson to which the tutor has agreed."""
    return done(requested(start=start), "accept", TOM, NOW + HOUR)


def at(lesson: Lesson, now: Instant) -> Lesson:
    """The lesson as time has left it."""
    return [lesson, *advance(lesson, now)][-1]


def read(reader: Reader, before: Lesson | None, version: Lesson, cast: Cast = CAST) -> Letter:
    """The letter in English."""
    return lesson_letter(EN, cast, reader, before, version, brand="Lingua")


def fact(letter: Letter, label: str) -> str | None:
    """The value of a fact, or None if the letter has none of that label."""
    return dict(letter.facts).get(label, "").replace("\u00a0", " ") or None


# Whole letters


def test_a_tutor_reads_of_a_request() -> None:
    """Who asks for what, when on either clock, until when to answer, and what follows otherwise."""
    letter = read(TO_TOM, None, requested())

    assert letter.subject == "Ann Lee has requested a lesson. Monday, March 9, 2026, 10:00 (UTC+01:00, Berlin)"
    assert letter.short == (
        "Ann Lee has requested a lesson. Please respond before Wednesday, March 4, 2026, 10:00 (UTC+01:00, Berlin)."
    )
    assert letter.text.replace("\u00a0", " ") == (
        "Ann Lee has requested a lesson.\n"
        "\n"
        "Please respond before Wednesday, March 4, 2026, 10:00 (UTC+01:00, Berlin). If\n"
        "nobody acts by then, the request expires and the lesson will not take place.\n"
        "Everything that is held is given back. It is counted against you then:\n"
        "unanswered request.\n"
        "\n"
        "What you can do: accept, decline, or propose something else.\n"
        "\n"
        "Student: Ann Lee\n"
        "When: Monday, March 9, 2026, 10:00 (UTC+01:00, Berlin)\n"
        "When for Ann Lee: Monday, March 9, 2026, 05:00 (UTC-04:00, New York)\n"
        "Length: 1 hour\n"
        "Price: 25.0 ITC\n"
        "Details: “course: B1”\n"
        "Note: “Hello!”\n"
        "Held for the lesson: 25.0 ITC\n"
        "\n"
        "-- \n"
        "Lingua\n"
    )


def test_a_student_reads_that_the_request_has_expired() -> None:
    """Who did not respond, that the lesson does not take place, and where the money is."""
    before = requested()
    version = at(before, NOW + 2 * DAY)
    letter = read(TO_ANN, before, version)

    assert letter.short.startswith("The request for the lesson has expired. It is about the lesson of Monday, March 9,")
    assert letter.text.replace("\u00a0", " ") == (
        "Tom Maier did not respond in time. The request for the lesson has expired. The\n"
        "lesson will not take place.\n"
        "\n"
        "Tutor: Tom Maier\n"
        "When: Monday, March 9, 2026, 05:00 (UTC-04:00, New York)\n"
        "When for Tom Maier: Monday, March 9, 2026, 10:00 (UTC+01:00, Berlin)\n"
        "Length: 1 hour\n"
        "Price: 25.0 ITC\n"
        "Details: “course: B1”\n"
        "Given back to you: 25.0 ITC\n"
        "\n"
        "-- \n"
        "Lingua\n"
    )


def test_a_mark_is_told_to_nobody_but_its_bearer() -> None:
    """The tutor reads what is counted; the student's letter has no word of it."""
    before = requested()
    version = at(before, NOW + 2 * DAY)

    assert "This is counted against you: unanswered request." in read(TO_TOM, before, version).paragraphs
    assert "You did not respond in time." in read(TO_TOM, before, version).text
    assert "unanswered" not in read(TO_ANN, before, version).text


def test_a_page_has_all_that_the_text_has() -> None:
    """Language, direction, paragraphs and facts; nothing that is loaded from elsewhere."""
    letter = lesson_letter(words_for("ar"), CAST, TO_TOM, None, requested(), brand="Lingua")

    assert letter.direction == "rtl"
    assert letter.html.startswith('<!doctype html>\n<html lang="ar" dir="rtl">')
    assert all(paragraph in letter.html for paragraph in letter.paragraphs)
    assert all(f"<bdi>{value}</bdi>" in letter.html for _, value in letter.facts)
    assert "src=" not in letter.html
    assert "url(" not in letter.html
    assert 'lang="zh-Hans"' in lesson_letter(words_for("zh_Hans"), CAST, TO_TOM, None, requested()).html


def test_lines_break_at_blanks_before_their_78th_character() -> None:
    """What has no blank stays whole: a link can be followed, and Japanese is left to whoever shows it."""
    long = "https://meet.example/" + "x" * 100
    letter = attrs.evolve(read(TO_TOM, None, requested()), link=("Where to join", long), paragraphs=("a" * 100, "b c"))
    too_long = [line for line in letter.text.splitlines() if len(line) > 78]

    assert too_long == ["a" * 100, f"Where to join: {long}"]
    assert all(len(line) <= 78 for line in read(TO_TOM, None, requested()).text.splitlines())


def test_a_letter_without_facts_link_or_brand_is_its_paragraphs() -> None:
    """Nothing empty is written where there is nothing to say."""
    letter = Letter(locale="en", direction="ltr", subject="s", short="s", paragraphs=("One.", "Two."))

    assert letter.text == "One.\n\nTwo.\n"
    assert letter.html.endswith("<body>\n<p>One.</p>\n<p>Two.</p>\n</body>\n</html>\n")


# Whose point of view


def test_who_acted_is_you_or_goes_by_name() -> None:
    """The platform's own people go by their name if they have one, and else by the brand, or as its team."""
    before = agreed()
    version = done(
        before, "cancel", PartyId("olga"), NOW + 2 * HOUR, reason="special circumstances", grants=("operator",)
    )
    named = Cast({**CAST.names, PartyId("olga"): "Olga"}, CAST.zones)

    assert read(TO_ANN, requested(), before).subject.startswith("Tom Maier has accepted the lesson. Monday")
    assert read(TO_TOM, requested(), before).subject.startswith("You have accepted the lesson. Monday")
    assert read(TO_ANN, before, version).subject.startswith("Lingua has cancelled the lesson.")
    assert read(TO_ANN, before, version, named).subject.startswith("Olga has cancelled the lesson.")
    assert lesson_letter(EN, CAST, TO_ANN, before, version).subject.startswith(
        "The platform's team has cancelled the lesson."
    )


def test_names_are_left_as_they_are_and_the_platform_begins_a_sentence_with_a_capital() -> None:
    """In the subject, on the phone and in the letter alike; a brand with a capital further on is its owner's affair."""
    lower = Cast({ANN: "mei", TOM: "tom"}, CAST.zones)
    letter = read(TO_TOM, None, requested(), lower)
    answered = read(TO_ANN, None, requested(), lower)
    before = agreed()
    version = done(before, "cancel", PartyId("olga"), NOW + 2 * HOUR, reason="weather", grants=("operator",))

    for said in (letter.subject, letter.short, letter.paragraphs[0]):
        assert said.startswith("mei has requested a lesson.")
    assert answered.paragraphs[1].startswith("tom has until ")
    assert " tom has until " in answered.short
    for brand, name in (("lingua", "Lingua"), ("iTutor", "iTutor"), ("", "The platform's team")):
        told = lesson_letter(EN, lower, TO_ANN, before, version, brand=brand)
        for said in (told.subject, told.short, told.paragraphs[0]):
            assert said.startswith(f"{name} has cancelled the lesson.")


def test_somebody_without_a_name_goes_by_their_id() -> None:
    """Nothing is said of people that is not known of them."""
    letter = read(TO_TOM, None, requested(), Cast({}, {}))

    assert letter.subject.startswith("ann has requested a lesson. Monday")
    assert fact(letter, "Student") == "ann"
    assert fact(letter, "When for ann") is None


def test_the_other_clock_is_shown_where_it_differs_then() -> None:
    """Berlin and Lagos show the same time in winter, and another in summer."""
    cast = Cast(CAST.names, {ANN: "Africa/Lagos", TOM: BERLIN})
    winter, summer = requested(), requested(start=instant("2026-04-06T09:00:00Z"))

    assert fact(read(TO_TOM, None, winter, cast), "When for Ann Lee") is None
    assert fact(read(TO_TOM, None, summer, cast), "When for Ann Lee") == (
        "Monday, April 6, 2026, 10:00 (UTC+01:00, Lagos)"
    )


def test_a_parent_reads_of_both_and_of_the_money() -> None:
    """Whoever pays reads what is held; a student who does not pay reads nothing of it."""
    lesson = requested(payer=PAM, requester=PAM)
    to_pam, to_ann = read(Reader(PAM, NEW_YORK), None, lesson), read(TO_ANN, None, lesson)

    assert (fact(to_pam, "Tutor"), fact(to_pam, "Student")) == ("Tom Maier", "Ann Lee")
    assert (fact(to_pam, "Held for the lesson"), fact(to_ann, "Held for the lesson")) == ("25.0 ITC", None)


def test_a_desk_reads_of_everybody() -> None:
    """The lesson's id, both sides, and all of the money."""
    begun = at(agreed(), START)
    ended = at(begun, START + HOUR)
    version = done(ended, "confirm", ANN, START + 2 * HOUR)
    letter = read(TO_DESK, ended, version)

    assert (fact(letter, "Lesson"), fact(letter, "Tutor"), fact(letter, "Student")) == (LESSON, "Tom Maier", "Ann Lee")
    assert (fact(letter, "Credited to the tutor"), fact(letter, "Kept by the platform")) == ("21.2 ITC", "3.8 ITC")
    assert letter.link is None


def test_each_side_reads_of_its_own_money() -> None:
    """The tutor what is credited and what the platform keeps, the payer what was paid."""
    ended = at(agreed(), START + HOUR)
    version = done(ended, "confirm", ANN, START + 2 * HOUR)
    to_tom, to_ann = read(TO_TOM, ended, version), read(TO_ANN, ended, version)

    assert (fact(to_tom, "Credited to you"), fact(to_tom, "Kept by the platform")) == ("21.2 ITC", "3.8 ITC")
    assert fact(to_tom, "Paid for the lesson") is None
    assert fact(to_ann, "Paid for the lesson") == "25.0 ITC"
    assert {fact(to_ann, "Credited to you"), fact(to_ann, "Kept by the platform")} == {None}


def test_what_is_given_back_later_is_said_to_both() -> None:
    """A refund takes from the tutor and from the platform what it gives back."""
    ended = at(agreed(), START + HOUR)
    before = done(ended, "confirm", ANN, START + 2 * HOUR)
    split = Particulars(split=Settlement.of({"student": "100%"}))
    version = done(before, "refund", PAM, START + DAY, reason="our mistake", said=split, grants=("operator",))
    to_tom, to_ann = read(TO_TOM, before, version), read(TO_ANN, before, version)

    assert fact(to_ann, "Given back to you") == "25.0 ITC"
    assert fact(to_ann, "Paid for the lesson") is None
    assert (fact(to_tom, "Taken back from you"), fact(to_tom, "Given back by the platform")) == ("21.2 ITC", "3.8 ITC")


# Terms


def test_an_open_change_shows_the_old_and_the_new() -> None:
    """Only what would be different is named, on both clocks."""
    before = agreed()
    version = done(before, "propose", ANN, NOW + 2 * HOUR, offer=Offer(START + DAY, 2 * HOUR))
    letter = read(TO_TOM, before, version)

    assert letter.subject.startswith("Ann Lee has proposed a change to the agreed lesson.")
    assert fact(letter, "When") == "Monday, March 9, 2026, 10:00 (UTC+01:00, Berlin)"
    assert fact(letter, "Proposed time") == "Tuesday, March 10, 2026, 10:00 (UTC+01:00, Berlin)"
    assert fact(letter, "Proposed time for Ann Lee") == "Tuesday, March 10, 2026, 05:00 (UTC-04:00, New York)"
    assert (fact(letter, "Proposed length"), fact(letter, "Proposed price")) == ("2 hours", None)
    assert "the proposed change expires and the lesson stands as it was agreed." in letter.text.replace("\n", " ")


@pytest.mark.parametrize("verb", ["decline", None])
def test_a_change_that_is_not_agreed_leaves_what_stood(verb: str | None) -> None:
    """Declined or left to expire, it is still said what had been proposed."""
    before = done(agreed(), "propose", ANN, NOW + 2 * HOUR, offer=Offer(START + DAY))
    version = at(before, NOW + 3 * DAY) if verb is None else done(before, verb, TOM, NOW + 3 * HOUR)
    letter = read(TO_ANN, before, version)

    assert letter.paragraphs[0].endswith("The lesson stands as it was agreed.")
    assert fact(letter, "When") == "Monday, March 9, 2026, 05:00 (UTC-04:00, New York)"
    assert fact(letter, "Proposed time") == "Tuesday, March 10, 2026, 05:00 (UTC-04:00, New York)"


def test_a_change_that_is_agreed_shows_what_stood_before() -> None:
    """The new time first, then the old."""
    before = done(agreed(), "propose", ANN, NOW + 2 * HOUR, offer=Offer(START + DAY))
    version = done(before, "accept", TOM, NOW + 3 * HOUR)
    letter = read(TO_ANN, before, version)

    assert letter.paragraphs[0] == "Tom Maier has accepted the change to the lesson."
    assert fact(letter, "When") == "Tuesday, March 10, 2026, 05:00 (UTC-04:00, New York)"
    assert fact(letter, "Time before") == "Monday, March 9, 2026, 05:00 (UTC-04:00, New York)"
    assert fact(letter, "Proposed time") is None


def test_a_proposed_time_stands_in_the_subject_and_on_the_phone() -> None:
    """Whoever reads no further knows when it is to be: in a change of what is agreed, and in a counter-offer."""
    change = done(agreed(), "propose", ANN, NOW + 2 * HOUR, offer=Offer(START + DAY))
    counter = done(requested(), "propose", TOM, NOW + HOUR, offer=Offer(START + DAY))
    to_tom, to_ann = read(TO_TOM, agreed(), change), read(TO_ANN, requested(), counter)

    assert to_tom.subject == (
        "Ann Lee has proposed a change to the agreed lesson. "
        "Proposed time: Tuesday, March 10, 2026, 10:00 (UTC+01:00, Berlin)."
    )
    assert to_tom.short.startswith(f"{to_tom.subject} Please respond before ")
    assert to_ann.subject == (
        "Tom Maier has proposed other terms for the lesson. "
        "Proposed time: Tuesday, March 10, 2026, 05:00 (UTC-04:00, New York)."
    )
    assert to_ann.short.startswith(f"{to_ann.subject} Please respond before ")


def test_a_new_time_after_a_problem_stands_in_the_subject_and_on_the_phone() -> None:
    """Where the remedy is to have the lesson at another time, that time is what matters."""
    begun = at(agreed(), START)
    said = Particulars(remedy="reschedule")
    asked_for = done(begun, "report", ANN, START + SECOND, reason="tutor_absent", said=said)
    taken = done(asked_for, "accept", TOM, START + 2 * SECOND)
    version = done(taken, "propose", ANN, START + 3 * SECOND, offer=Offer(START + 2 * DAY))
    letter = read(TO_TOM, taken, version)

    assert letter.subject == (
        "Ann Lee has proposed a new time for the lesson. "
        "Proposed time: Wednesday, March 11, 2026, 10:00 (UTC+01:00, Berlin)."
    )
    assert letter.short.startswith(letter.subject)


def test_a_proposal_that_leaves_the_time_as_it_is_speaks_of_the_lesson() -> None:
    """Nothing is called new that is not; a first request has its time in the subject already."""
    version = done(agreed(), "propose", ANN, NOW + 2 * HOUR, offer=Offer(duration=2 * HOUR))

    assert read(TO_TOM, agreed(), version).subject == (
        "Ann Lee has proposed a change to the agreed lesson. Monday, March 9, 2026, 10:00 (UTC+01:00, Berlin)"
    )
    assert "Proposed time" not in read(TO_TOM, None, requested()).subject


@pytest.mark.parametrize(("price", "more", "back"), [(300, "5.0 ITC", None), (200, None, "5.0 ITC"), (250, None, None)])
def test_whoever_pays_reads_what_accepting_another_price_moves(price: int, more: str | None, back: str | None) -> None:
    """What is held is the old price: the payer reads the difference, also when reminded; the tutor nothing of it."""
    version = done(requested(), "propose", TOM, NOW + HOUR, offer=Offer(START + DAY, price=price))
    told, reminded = read(TO_ANN, requested(), version), reminder_letter(EN, CAST, TO_ANN, version)

    for letter in (told, reminded, read(TO_DESK, requested(), version)):
        assert (fact(letter, "Held in addition if accepted"), fact(letter, "Given back if accepted")) == (more, back)
    assert "if accepted" not in read(TO_TOM, requested(), version).text
    accepted = done(version, "accept", ANN, NOW + 2 * HOUR)
    assert accepted.held == price


def with_details(lesson: Lesson, **details: str) -> Lesson:
    """The lesson with other details in the terms that stand."""
    return lesson._replace(terms=attrs.evolve(lesson.terms, details=tuple(sorted(details.items()))))


def test_the_details_of_the_terms_are_facts() -> None:
    """What the platform has written there stands with the name that it gave it, as text and nothing else."""
    version = with_details(requested(), subject="Maths", level="<b>10</b>\r\nx")
    letter = read(TO_TOM, None, version)

    assert [value for label, value in letter.facts if label == "Details"] == [
        "“level: <b>10</b> x”",
        "“subject: Maths”",
    ]
    assert "subject: Maths" in letter.html
    assert "<b>10" not in letter.html
    assert ("Details", "“subject: Maths”") in reminder_letter(EN, CAST, TO_TOM, version).facts


def test_of_details_only_what_differs_is_named_beside_others() -> None:
    """In a change, and in terms that have taken the place of others."""
    before = with_details(agreed(), subject="Maths", level="10")
    change = done(before, "propose", ANN, NOW + 2 * HOUR, offer=Offer(START + DAY))
    assert change.change is not None
    other = attrs.evolve(change.change.terms, details=(("level", "10"), ("subject", "Physics")))
    change = change._replace(change=change.change._replace(terms=other))
    accepted = done(change, "accept", TOM, NOW + 3 * HOUR)

    assert fact(read(TO_TOM, before, change), "Proposed details") == "“subject: Physics”"
    assert fact(read(TO_ANN, change, accepted), "Details before") == "“subject: Maths”"
    assert fact(read(TO_ANN, change, accepted), "Details") == "“subject: Physics”"


def test_the_deadline_is_the_stored_one() -> None:
    """It is read from the version and found by nobody else."""
    version = requested()._replace(due=NOW + 7 * SECOND)

    assert "Please respond before Monday, March 2, 2026, 10:00:07 (UTC+01:00, Berlin)." in read(
        TO_TOM, None, version
    ).text.replace("\n", " ")


def test_both_passes_of_an_hour_are_told_apart() -> None:
    """Berlin's clocks show 02:30 twice on October 25; the offset says which."""
    first = instant("2026-10-25T00:30:00Z")
    letters = [read(TO_TOM, None, requested(start=start)) for start in (first, first + HOUR)]

    assert [fact(letter, "When") for letter in letters] == [
        "Sunday, October 25, 2026, 02:30 (UTC+02:00, Berlin)",
        "Sunday, October 25, 2026, 02:30 (UTC+01:00, Berlin)",
    ]


# Turns


def test_whose_turn_it_is_not_reads_who_is_awaited() -> None:
    """The other side's name and deadline, on the reader's own clock."""
    letter = read(TO_ANN, None, requested())

    assert letter.short == (
        "You have requested a lesson. Tom Maier has until Wednesday, March 4, 2026, 04:00 (UTC-05:00, New York) to "
        "respond."
    )
    assert "What you can do: withdraw." in letter.paragraphs


def test_what_begins_by_itself_is_no_deadline() -> None:
    """Nobody is told to act before a lesson that just begins, ends at its time."""
    version = agreed()

    assert "until" not in read(TO_ANN, requested(), version).text
    assert "until" not in read(TO_ANN, version, at(version, START)).text


def test_until_when_a_move_is_open_is_said_beside_it() -> None:
    """Italki lets nobody cancel later than 24 hours ahead; the clock of that is the reader's."""
    letter = read(TO_ANN, requested(), agreed())

    assert letter.paragraphs[-1] == (
        "What you can do: propose something else or cancel (before Sunday, March 8, 2026, 05:00 (UTC-04:00, New York))."
    )


def test_a_move_that_time_has_closed_is_not_named() -> None:
    """From that instant on nobody can cancel, so nobody is told so; before it, by however little, it is there."""
    early = agreed(NOW + HOUR + DAY + SECOND)
    late = agreed(NOW + HOUR + DAY)

    assert "cancel (before Monday, March 2, 2026, 11:00:01 (UTC+01:00, Berlin))" in read(
        TO_TOM, None, early
    ).text.replace("\n", " ")
    assert read(TO_TOM, requested(), late).paragraphs[-1] == "What you can do: propose something else."


def test_what_ends_with_the_deadline_or_later_has_no_end_of_its_own() -> None:
    """An open change is answered until its deadline; what the lesson beside it allows for longer says nothing more."""
    version = done(agreed(), "propose", ANN, NOW + 2 * HOUR, offer=Offer(START + DAY))
    deadline = next_deadline(version)
    shut = shuts(version.place.moves["cancel"][0], version, version.at)

    assert deadline is not None
    assert shut is not None
    assert shut > deadline.at
    assert "(before" not in read(TO_TOM, agreed(), version).paragraphs[-1]


def test_a_move_that_more_rows_allow_ends_with_the_last_of_them() -> None:
    """Free until 24 hours ahead and dearer until two before; a row that is open for longer leaves no end to name."""
    rows = """
[[state.booked.on.cancel]]
by = ["student"]
to = "no_thanks"
when = "notice >= 24h"
[[state.booked.on.cancel]]
by = ["student"]
to = "forgotten"
until = "lesson.start - 2h"
"""
    any_time = '[[state.booked.on.cancel]]\nby = ["student"]\nto = "forgotten"\n'
    twice, always = (
        done(asked(machine_of(load_policy(table)), ANN, NO_FACTS), "take", TOM, NOW + HOUR)
        for table in (OWN + rows, OWN + rows + any_time)
    )

    assert read(TO_ANN, None, twice).paragraphs[-1] == (
        "What you can do: cancel (before Monday, March 9, 2026, 03:00 (UTC-04:00, New York))."
    )
    assert read(TO_ANN, None, always).paragraphs[-1] == "What you can do: cancel."


def test_what_only_the_world_outside_can_tell_has_no_end() -> None:
    """Whether an Educai parent may ask again depends on a permission; whether they may cancel only on the clock."""
    allowed = Facts(has=frozenset({"has(requester, can_request_sessions)"}))
    lesson = done(asked(machine_of(load_preset("educai")), PAM, allowed), "accept", TOM, NOW + HOUR)
    moves = read(Reader(PAM, NEW_YORK), None, lesson).paragraphs[-1]

    assert moves.startswith("What you can do: propose something else or cancel (before Friday, March 6, 2026, 04:00 ")
    assert shuts(lesson.place.moves["propose"][0], lesson, lesson.at) is None


def test_a_lesson_that_is_complete_unless_somebody_acts_says_so() -> None:
    """The student may confirm it; otherwise it counts as completed."""
    begun = at(agreed(), START)
    version = at(begun, START + HOUR)

    assert read(TO_ANN, begun, version).paragraphs[0] == "The lesson has ended."
    assert (
        "Please respond before Thursday, March 12, 2026, 06:00 (UTC-04:00, New York). If nobody acts by then, the "
        in (read(TO_ANN, begun, version).paragraphs[1])
    )
    assert read(TO_ANN, begun, version).paragraphs[2] == "What you can do: confirm or report a problem."


def test_a_desk_is_told_that_it_has_to_decide() -> None:
    """A turn that comes to a granted role is its desk's."""
    before = done(at(agreed(), START), "report", ANN, START + SECOND, reason="late", said=Particulars(remedy="refund"))
    version = done(before, "escalate", TOM, START + 2 * SECOND)

    assert read(TO_DESK, before, version).short == (
        "Tom Maier has asked the platform to decide about the problem. Please respond before Wednesday, April 8, 2026, "
        "08:00:02 (UTC)."
    )
    assert "Lingua has until" in read(TO_ANN, before, version).short
    assert "What you can do: decide or add evidence." in read(TO_DESK, before, version).paragraphs


# Problems


def test_a_problem_shows_its_reason_and_the_remedy_on_the_table() -> None:
    """The policy's reasons go by their names; what follows from silence is said as it will be."""
    begun = at(agreed(), START)
    split = Particulars(remedy="split", split=Settlement.of({"tutor": "40%", "student": "rest"}))
    version = done(begun, "report", ANN, START + SECOND, reason="tutor_absent", said=split, note="I waited\r\nlong.")
    letter = read(TO_TOM, begun, version)

    assert letter.paragraphs[0] == "Ann Lee has reported a problem with the lesson."
    assert fact(letter, "Reason") == "the tutor did not come"
    assert fact(letter, "Note") == "“I waited long.”"
    assert split.split is not None
    assert fact(letter, "Suggested remedy") == settlement_words(EN, split.split, version.machine.process)
    assert letter.paragraphs[1].endswith(
        "the suggested remedy counts as accepted. It is counted against you then: missed lesson."
    )
    assert "counted" not in read(TO_ANN, begun, version).text


def test_another_remedy_keeps_the_problem_in_sight() -> None:
    """What was reported is still named when something else is suggested."""
    begun = at(agreed(), START)
    before = done(begun, "report", ANN, START + SECOND, reason="late", said=Particulars(remedy="refund"))
    version = done(before, "propose_remedy", TOM, START + 2 * SECOND, said=Particulars(remedy="reschedule"))
    letter = read(TO_ANN, before, version)

    assert letter.paragraphs[0] == "Tom Maier has suggested another remedy."
    assert (fact(letter, "Problem"), fact(letter, "Suggested remedy")) == (
        "somebody came late",
        "The lesson is held at another time.",
    )


def test_a_remedy_that_is_taken_up_is_named() -> None:
    """Whoever reads that it counts as accepted reads what it was."""
    begun = at(agreed(), START)
    before = done(begun, "report", ANN, START + SECOND, reason="late", said=Particulars(remedy="refund"))
    version = at(before, START + 2 * WEEK)
    letter = read(TO_ANN, before, version)

    assert letter.paragraphs[0] == (
        "Tom Maier did not respond in time. The suggested remedy counts as accepted. The lesson is closed."
    )
    assert fact(letter, "Suggested remedy") == "Everything that is held is given back."
    assert fact(letter, "Given back to you") == "25.0 ITC"


def test_an_absence_is_told_with_its_name() -> None:
    """Who is said not to have come, as the reader sees it."""
    machine = machine_of(load_preset("itutor"))
    allowed = Facts(has=frozenset({"has(tutor, meeting_provider)"}))
    begun = at(done(asked(machine, ANN, allowed), "accept", TOM, NOW + HOUR, facts=allowed), START)
    version = done(begun, "claim_no_show", ANN, START + 40 * timedelta(minutes=1))

    said = "has reported that %s did not come to the lesson."
    assert read(TO_DESK, begun, version).subject.startswith("Ann Lee " + said % "Tom Maier")
    assert read(TO_TOM, begun, version).subject.startswith("Ann Lee " + said % "you")
    assert read(TO_ANN, begun, version).subject.startswith(
        "You have reported that Tom Maier did not come to the lesson."
    )


# What users write


@pytest.mark.parametrize(
    "name", ["<b>Eve</b>", "Eve\r\nBcc: all@example.org", "Eve\u202e", "%(when)s", '"><img src=x>']
)
def test_nothing_of_a_name_or_a_note_becomes_more_than_text(name: str) -> None:
    """Markup is escaped, lines are not broken, and no placeholder of theirs is filled."""
    cast = Cast({ANN: name, TOM: name}, CAST.zones)
    version = requested()
    assert version.command is not None
    hostile = version._replace(command=attrs.evolve(version.command, note=name, reason=name))
    letter = read(TO_TOM, None, hostile, cast)

    assert {line for line in letter.subject if not line.isprintable()} == set()
    assert all(bad not in letter.html for bad in ("<b>", "<img", "\r", "\u202e", '"><'))
    assert "\r" not in letter.text
    assert "\nBcc" not in letter.text
    assert letter.subject.count("Monday") == 1


def test_a_reason_in_somebodys_own_words_is_quoted() -> None:
    """A reason that the policy does not know is nobody's but the user's."""
    before = agreed()
    version = done(before, "cancel", ANN, NOW + 2 * HOUR, reason="my dog is ill")

    assert fact(read(TO_TOM, before, version), "Reason") == "“my dog is ill”"


def test_a_blind_review_is_not_shown() -> None:
    """Of a review that nobody may read yet, it is said that there is one."""
    completed = at(agreed(), START + WEEK)
    said = Particulars(details={"stars": "5"})
    version = done(completed, "review", ANN, START + WEEK, note="Splendid", said=said)
    blind = version._replace(step=attrs.evolve(version.step, blind=True))

    shown, hidden = read(TO_TOM, completed, version), read(TO_TOM, completed, blind)
    assert (fact(shown, "Note"), fact(shown, "Details")) == ("“Splendid”", "“stars: 5”")
    assert (fact(hidden, "Note"), "stars" in hidden.text) == (None, False)
    assert hidden.paragraphs[0] == "Ann Lee has reviewed the lesson."


# Meetings


def test_each_side_has_its_own_link() -> None:
    """The tutor's link is nobody else's, and a payer joins by the student's."""
    links = Particulars(
        source="v", details={"student": "https://meet.example/s", "tutor": "https://meet.example/t?host"}
    )
    lesson = done(requested(payer=PAM), "accept", TOM, NOW + HOUR)
    version = done(lesson, "meeting_ready", ROBOT, NOW + 2 * HOUR, said=links, grants=("system",))

    assert read(TO_TOM, lesson, version).link == ("Where to join", "https://meet.example/t?host")
    assert read(TO_ANN, lesson, version).link == ("Where to join", "https://meet.example/s")
    assert read(Reader(PAM, NEW_YORK), lesson, version).link == ("Where to join", "https://meet.example/s")
    assert read(TO_DESK, lesson, version).link is None
    assert '<a href="https://meet.example/s">' in read(TO_ANN, lesson, version).html
    assert "Where to join: https://meet.example/s\n" in read(TO_ANN, lesson, version).text


def test_an_address_that_no_browser_follows_is_no_link() -> None:
    """Only http and https become links; whatever else it is stays text."""
    said = Particulars(source="v", details={"student": "javascript:alert(1)", "tutor": "tom.on.skype"})
    lesson = agreed()
    version = done(lesson, "meeting_ready", ROBOT, NOW + 2 * HOUR, said=said, grants=("system",))

    assert "<a " not in read(TO_ANN, lesson, version).html
    assert "<bdi>tom.on.skype</bdi>" in read(TO_TOM, lesson, version).html


# Other tables


def asked(machine: Machine, by: PartyId, facts: Facts, price: int = 2500) -> Lesson:
    """A lesson that was asked for under a policy."""
    unit = machine.process.unit.code
    brief = Brief(LessonId("l1"), machine.hash, BERLIN, unit, NOW, TOM, ANN, by, by)
    command = Command(machine.process.verb_of_opening, by, Key("ask"), brief.id, None, Offer(START, HOUR, price))
    answer = decide(machine, brief, command, facts, NOW)
    assert isinstance(answer, Lesson), answer.sentence
    return answer


def test_asking_for_another_time_gives_up_the_agreed_one() -> None:
    """What Educai's parents do is told as it is; what is owed is told where nothing is held."""
    allowed = Facts(has=frozenset({"has(requester, can_request_sessions)"}))
    lesson = asked(machine_of(load_preset("educai")), PAM, allowed)
    before = done(lesson, "accept", TOM, NOW + HOUR)
    again = done(before, "propose", PAM, NOW + 2 * HOUR, offer=Offer(START + WEEK), facts=allowed)
    begun = at(before, START)
    completed = at(before, START + HOUR)

    assert read(TO_TOM, before, again).paragraphs[0] == (
        "Pam Lee has given up the agreed lesson and asked for another time."
    )
    assert fact(read(Reader(PAM, NEW_YORK), begun, completed), "Owed by you") == "€25.00"
    assert fact(read(TO_TOM, begun, completed), "Due to you") == "€25.00"
    assert (
        "There is time to act until Monday, March 9, 2026, 11:00 (UTC+01:00, Berlin). If nobody acts by then, the "
        in (read(TO_TOM, before, begun).paragraphs[1])
    )


OWN: Final = """
id = "own"
extends = "process/1"
currency = "EUR"
[opening]
verb = "ask"
by = ["student"]
to = "asked"
terms = "propose"
[state.asked]
waits_for = "tutor"
[state.asked.on.take]
by = ["tutor"]
to = "booked"
terms = "accept"
[state.asked.on.wave_off]
by = ["tutor"]
to = "no_thanks"
[state.asked.on.think_about]
by = ["tutor"]
to = "thinking"
[state.thinking]
waits_for = "student"
timeout = { at = "entered + 1h", to = "forgotten" }
[state.booked]
agreed = true
slot = "firm"
timeout = { at = "lesson.end", to = "no_thanks" }
[state.no_thanks]
over = true
[state.forgotten]
over = true
"""


def test_a_table_of_ones_own_is_told_by_what_it_does_and_by_its_names() -> None:
    """What a row does is recognised; what is not goes by the names of the table."""
    lesson = asked(machine_of(load_policy(OWN)), ANN, NO_FACTS)
    taken = done(lesson, "take", TOM, NOW + HOUR)
    waved = done(lesson, "wave_off", TOM, NOW + HOUR)
    thinking = done(lesson, "think_about", TOM, NOW + HOUR)
    forgotten = at(thinking, NOW + DAY)

    assert read(TO_TOM, None, lesson).short == "Ann Lee has requested a lesson. Please respond."
    assert read(TO_ANN, None, lesson).short == "You have requested a lesson. Tom Maier has to respond."
    assert read(TO_TOM, None, lesson).paragraphs[2] == "What you can do: take, wave off, or think about."
    assert read(TO_ANN, lesson, taken).paragraphs == (
        "Tom Maier has accepted the lesson. The lesson is agreed.",
        "There is time to act until Monday, March 9, 2026, 06:00 (UTC-04:00, New York). If nobody acts by then: The "
        "lesson is then over: “no thanks”.",
    )
    assert read(TO_ANN, lesson, waved).paragraphs == (
        "Tom Maier has done this with the lesson: wave off. The lesson will not take place.",
    )
    assert read(TO_ANN, lesson, thinking).paragraphs[0] == (
        "Tom Maier has done this with the lesson: think about. Where the lesson stands now: thinking."
    )
    assert read(TO_TOM, thinking, forgotten).paragraphs[0] == (
        "Ann Lee did not respond in time. A deadline of the lesson has passed. The lesson will not take place."
    )


def test_a_remedy_that_nobody_answers_may_go_to_the_platform() -> None:
    """Some policies take silence for no."""
    (process,) = (each for each in sample_policies() if each.id == "stern")
    begun = at(done(asked(machine_of(process), ANN, NO_FACTS), "accept", TOM, NOW + HOUR), START)
    before = done(begun, "report", ANN, START + HOUR / 2, reason="quality", said=Particulars(remedy="refund"))
    version = at(before, START + 2 * DAY)

    assert (
        read(TO_TOM, begun, before)
        .paragraphs[1]
        .endswith("If nobody acts by then, the problem goes to the platform to be decided.")
    )
    assert read(TO_ANN, before, version).paragraphs[0] == (
        "Tom Maier did not respond in time. The problem goes to the platform to be decided."
    )


def test_a_lesson_of_ones_own_table_that_was_had_is_not_said_not_to_take_place() -> None:
    """Whatever follows a lesson that was agreed, once it has begun, closes it; one never agreed does not take place."""
    table = OWN.replace(
        'timeout = { at = "lesson.end", to = "no_thanks" }', 'timeout = { at = "lesson.end", to = "to_sign" }'
    )
    table += """[state.to_sign]
waits_for = "student"
timeout = { at = "entered + 24h", to = "no_thanks" }
"""
    lesson = asked(machine_of(load_policy(table)), ANN, NO_FACTS)
    booked = done(lesson, "take", TOM, NOW + HOUR)
    had = at(booked, START + HOUR)
    closed = at(had, START + 2 * DAY)
    late = done(lesson, "wave_off", TOM, START + DAY)

    assert (had.state, closed.state) == ("to_sign", "no_thanks")
    assert read(TO_ANN, had, closed).paragraphs[0].endswith("The lesson is closed.")
    assert read(TO_ANN, lesson, late).paragraphs[0].endswith("The lesson will not take place.")


def test_a_rule_of_a_table_speaks_of_no_money_where_none_is_held() -> None:
    """What is held is given back: of nothing, that would only puzzle people."""
    table = OWN.replace(
        'timeout = { at = "entered + 1h", to = "forgotten" }',
        'timeout = { at = "entered + 1h", to = "forgotten", settle = { student = "100%" } }',
    )
    lesson = done(asked(machine_of(load_policy(table)), ANN, NO_FACTS), "think_about", TOM, NOW + HOUR)
    (paragraph,) = (each for each in read(TO_ANN, None, lesson).paragraphs if "If nobody acts" in each)

    assert lesson.held == 0
    assert paragraph.endswith("If nobody acts by then: The lesson is then over: “forgotten”.")


def test_a_proposal_that_the_lesson_has_outrun_is_not_shown_any_more() -> None:
    """A change that was declined is; one that was open when the lesson was cancelled or began is past caring about."""
    before = done(agreed(), "propose", ANN, NOW + 2 * HOUR, offer=Offer(START + DAY))
    declined = done(before, "decline", TOM, NOW + 3 * HOUR)
    cancelled = done(before, "cancel", ANN, NOW + 3 * HOUR)

    assert fact(read(TO_ANN, before, declined), "Proposed time") is not None
    assert fact(read(TO_TOM, before, cancelled), "Proposed time") is None


def test_what_only_the_world_outside_the_lesson_can_tell_is_said_as_the_rule() -> None:
    """A deadline that counts other lessons cannot be foreseen by a letter."""
    timeout = """timeout = { at = "entered + 1h", to = "forgotten", cases = [
  { when = "count(slow, student) < 3", mark = "slow", fault = "student" },
  { },
] }"""
    table = OWN.replace('timeout = { at = "entered + 1h", to = "forgotten" }', timeout)
    lesson = done(asked(machine_of(load_policy(table)), ANN, NO_FACTS), "think_about", TOM, NOW + HOUR)
    (row,) = lesson.place.timeouts
    letter = read(TO_ANN, None, lesson)

    assert isinstance(row.rule, Timeout)
    assert outcome_words(EN, row.rule, lesson.machine.process) in letter.paragraphs[1]


# Reminders


def test_whoever_is_awaited_is_reminded_of_the_deadline() -> None:
    """The deadline in a few words, with the lesson's facts."""
    letter = reminder_letter(EN, CAST, TO_TOM, requested(), brand="Lingua")
    said = "Please respond before Wednesday, March 4, 2026, 10:00 (UTC+01:00, Berlin)."

    assert (letter.subject, letter.short) == (f"Reminder: {said}", said)
    assert letter.paragraphs[0] == said
    assert letter.text.count(said.split(",")[0]) == 2
    assert fact(letter, "Student") == "Ann Lee"


def test_others_are_reminded_of_the_lesson() -> None:
    """That it begins, or ends, or that something about it is still open."""
    lesson = agreed()
    begun, ended = at(lesson, START), at(lesson, START + HOUR)

    assert reminder_letter(EN, CAST, TO_ANN, lesson).subject == (
        "Reminder: The lesson begins on Monday, March 9, 2026, 05:00 (UTC-04:00, New York)."
    )
    assert reminder_letter(EN, CAST, TO_TOM, begun).subject == (
        "Reminder: The lesson ends on Monday, March 9, 2026, 11:00 (UTC+01:00, Berlin)."
    )
    assert reminder_letter(EN, CAST, TO_TOM, ended).subject == (
        "Reminder: Something is still open about the lesson of Monday, March 9, 2026, 10:00 (UTC+01:00, Berlin)."
    )
