from __future__ import annotations

import attrs
import pytest

from tutorcore.policy import AsGiven, Case, Effects, Process, Settlement, Timeout, load_policy, load_preset
from tutorcore.policy.settlement import Fees
from tutorcore.testing.samples import sample_policies
from tutorcore.text.locales import LOCALES, PSEUDO
from tutorcore.text.rules import outcome_words, row_title, row_words, settlement_words, shares_words, state_words
from tutorcore.text.words import words_for

_EN = words_for("en")
_ITALKI = load_preset("italki")
_NO_FEES = attrs.evolve(_ITALKI, fees=Fees())
_KEEPS = "Of what the lesson earns, the platform keeps its commission."
_DUE = load_preset("educai")


def _settle(**shares: str) -> Settlement:
    return Settlement.of(shares)


@pytest.mark.parametrize(
    ("settle", "process", "said"),
    [
        (_settle(student="rest"), _ITALKI, "Everything that is held is given back."),
        (_settle(student="100%"), _DUE, "There is nothing to pay."),
        (_settle(tutor="100%"), _NO_FEES, "Everything that is held goes to the tutor."),
        (_settle(tutor="rest"), _ITALKI, f"Everything that is held goes to the tutor. {_KEEPS}"),
        (
            _settle(tutor="50%", student="rest"),
            _NO_FEES,
            "What is held is shared out (the tutor 50% and the student the rest).",
        ),
        (
            _settle(tutor="1h", platform="1/3", student="rest"),
            _NO_FEES,
            "What is held is shared out (the tutor the price of 1 hour, the platform 33 1/3%, and the student "
            "the rest).",
        ),
        (_settle(platform="100%"), _ITALKI, "What is held is shared out (the platform everything)."),
        (_settle(student="50%", tutor="rest"), _DUE, "Of the price, this is due to each: the tutor the rest."),
        (_settle(tutor="100%"), _DUE, "The whole price is due to the tutor."),
        (AsGiven(), _NO_FEES, "Whoever does this says how what is held is shared out."),
        (
            AsGiven((_settle(tutor="0%", student="rest"), _settle(tutor="50%", student="rest"))),
            _NO_FEES,
            "Whoever does this chooses how what is held is shared out: (the student everything) or (the tutor 50% and "
            "the student the rest).",
        ),
    ],
)
def test_a_settlement_says_who_gets_what(settle: Settlement | AsGiven, process: Process, said: str) -> None:
    """Shares of nothing are left out, and the commission is named where there is one and somebody earns."""
    assert settlement_words(_EN, settle, process) == said


def test_a_share_of_nothing_is_not_everything_that_is_left() -> None:
    """`0%` beside the rest is no share; alone, the rest is everything."""
    assert shares_words(_EN, _settle(tutor="0%", student="rest"), _ITALKI) == "the student everything"


def test_silence_says_where_it_leads_who_gets_what_and_who_is_to_blame() -> None:
    """The whole outcome of the commonest timeout."""
    silence = _ITALKI.state("requested").timeouts[0]

    assert outcome_words(_EN, silence, _ITALKI) == (
        "The lesson is then over: “expired”. Everything that is held is given back. Who is to blame: the tutor. "
        "A mark is noted: “unanswered request”."
    )


def test_a_row_with_cases_says_what_each_decides() -> None:
    """What all share is said once; a case in which nobody is blamed says so where another blames."""
    itutor = load_preset("itutor")
    claimed = itutor.state("tutor_no_show_claimed")

    said = row_words(_EN, claimed.timeouts[0], itutor, claimed)
    assert said == (
        "Deadline for an answer: 24 hours after the turn began. The lesson is then over: “missed by the tutor”. "
        "Everything that is held is given back. If the student did not come before 1/3 of the lesson after the start "
        "of the lesson: Nobody is to blame. In all other cases: Who is to blame: the tutor. A mark is noted: "
        "“missed lesson”."
    )


def test_cases_that_settle_differently_say_so_one_by_one() -> None:
    """Each case has its own shares."""
    cafetalk = load_preset("cafetalk")
    move = next(move for move in cafetalk.state("in_progress").moves if move.verb == "claim_no_show")

    said = outcome_words(_EN, move, cafetalk)
    assert "If it is no earlier than the end of the lesson: Whoever does this chooses" in said
    assert "In all other cases: Whoever does this chooses" in said


def test_a_rule_says_what_it_needs_and_what_it_does() -> None:
    """Conditions, one by one; windows; needs; and what becomes of terms, money and turn."""
    state = _ITALKI.state("in_progress")

    said = row_words(_EN, state.moves[0], _ITALKI, state)
    assert said.startswith("Only if the reason is “somebody came late”,")
    assert said.endswith(
        "Only if the remedy named is not “have the lesson at another time”. Deadline for this: 3 calendar days after "
        "the end of the lesson. This is needed: a reason. Whoever does this says how the problem is to be "
        "settled: give "
        "the money back, pay the tutor, or divide the money. The lesson is then “problem, remedy suggested by the "
        "student”. It is the turn of the tutor."
    )


def test_asking_again_gives_up_what_was_agreed() -> None:
    """A proposal that takes the place of an agreed lesson says so; one beside it, and one at once binding, do not."""
    agreed = _DUE.state("agreed")
    again = next(move for move in agreed.moves if move.verb == "propose")

    assert (
        "only these may change: start and length. What was agreed before is given up with that, whatever the answer "
        "will be. The lesson is then “requested”."
    ) in row_words(_EN, again, _DUE, agreed)
    agreed = _ITALKI.state("agreed")
    for move in agreed.moves:
        assert "given up" not in row_words(_EN, move, _ITALKI, agreed)
    turn = _ITALKI.state("requested")
    assert "given up" not in row_words(_EN, next(m for m in turn.moves if m.verb == "propose"), _ITALKI, turn)


def test_a_higher_price_is_spoken_of_only_where_the_price_may_change() -> None:
    """Elsewhere there is no difference to hold."""
    state = _ITALKI.state("agreed")
    move = next(move for move in state.moves if move.effects.hold == "cover" and move.effects.terms == "propose")
    priced = attrs.evolve(move, effects=attrs.evolve(move.effects, may_change=("start", "price")))

    assert "the difference is held" not in row_words(_EN, move, _ITALKI, state)
    assert "If the proposed price is higher, the difference is held at once." in row_words(_EN, priced, _ITALKI, state)


@pytest.mark.parametrize(
    ("state", "title"),
    [("requested", "The tutor: no answer"), ("agreed", "By itself"), ("rescheduling", "By itself")],
)
def test_a_timeout_is_called_after_whoever_says_nothing(state: str, title: str) -> None:
    """Where it is nobody's turn, it happens by itself."""
    found = _ITALKI.state(state)

    assert row_title(_EN, found.timeouts[0], found) == title


def test_the_fault_of_a_timeout_that_was_changed_is_nobodys() -> None:
    """Whose turn it was is known of rows of the table only."""
    timeout = attrs.evolve(_ITALKI.state("requested").timeouts[0])

    assert "Who is to blame" not in outcome_words(_EN, timeout, _ITALKI)


def test_what_is_past_already_happens_at_once_or_not_at_all() -> None:
    """`fire` and `skip` are said; that a step is forbidden is no part of the rule."""
    state = _ITALKI.state("requested")
    said = [
        row_words(_EN, attrs.evolve(state.timeouts[0], if_past=if_past), _ITALKI, state)
        for if_past in ("fire", "skip", "forbid")
    ]

    assert "If that is past already, it happens at once." in said[0]
    assert "If that is past already, it does not happen." in said[1]
    assert "past already" not in said[2]


def test_what_a_state_has_is_said() -> None:
    """Turn, time, meeting, problem: whatever the table says of a state."""
    assert state_words(_EN, _ITALKI.state("problem_by_tutor")) == (
        "It is the turn of the student. The time of the lesson is booked. There is a meeting for the lesson. A problem "
        "is open; until it is settled nothing is paid out."
    )
    assert state_words(_EN, _ITALKI.state("completed")) == (
        "The lesson is over: nothing more happens by itself. Its time stays taken. The lesson counts as taught."
    )
    assert "its own deadlines wait" in state_words(_EN, _ITALKI.state("rescheduling"))


def test_names_of_a_table_of_ones_own_are_said_as_they_are_written() -> None:
    """Underscores are blanks; nothing of a name can add a line."""
    process = load_policy(_OWN)
    outcome = outcome_words(_EN, process.state("asked_for").timeouts[0], process)

    assert outcome == "The lesson is then over: “gone for good”."


def test_every_outcome_is_said_in_every_language() -> None:
    """Every row of every sample policy, with no open placeholder and nothing left out."""
    for locale in (*LOCALES, PSEUDO):
        words = words_for(locale)
        for process in sample_policies():
            sources = [(None, row) for row in process.openings]
            rows = [*sources, *((state, row) for state in process.states for row in state.rows)]
            for state, row in rows:
                said = row_words(words, row, process, state)
                assert said
                assert "%(" not in said
                assert row_title(words, row, state)


def test_blame_without_a_mark_is_said_alone() -> None:
    """A case may blame and count nothing."""
    timeout = Timeout(
        _ITALKI.state("agreed").timeouts[0].at, "expired", effects=Effects(cases=(Case(fault="student"),))
    )

    assert outcome_words(_EN, timeout, _ITALKI).endswith("Who is to blame: the student.")


_OWN = """
schema = 1
id = "own"
version = "1"
extends = "process/1"
currency = "EUR"

[opening]
verb = "ask"
by = ["student"]
to = "asked_for"
terms = "propose"

[state.asked_for]
waits_for = "tutor"

[[state.asked_for.timeout]]
at = "lesson.start"
to = "gone_for_good"

[state.gone_for_good]
over = true
"""
