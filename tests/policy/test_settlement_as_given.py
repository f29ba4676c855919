from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutorcore.errors import InvalidValue, InvariantError
from tutorcore.ids import Key, LessonId, PartyId, PolicyHash
from tutorcore.instants import instant
from tutorcore.lessons.lesson import Brief, Command, Particulars, Terms
from tutorcore.money import rate
from tutorcore.policy.settlement import AsGiven, FeeRate, Fees, Legs, Settlement, compile_split

NOON = instant("2026-03-02T12:00:00Z")
ANN, TOM = PartyId("ann"), PartyId("tom")
BRIEF = Brief(LessonId("l1"), PolicyHash("0" * 64), "UTC", "USD", NOON, TOM, ANN, ANN, ANN)
TERMS = Terms(1, NOON, NOON + timedelta(hours=2), 101)
FEE = Fees.flat(rate("15%"))

NOTHING = Settlement.of({"student": "rest"})
HALF = Settlement.of({"tutor": "50%", "student": "rest"})
ALL = Settlement.of({"tutor": "rest"})
ANY = AsGiven()
SOME = AsGiven((NOTHING, HALF, ALL))


def command(split: Settlement | None) -> Command:
    """Return the decision of a dispute, with that split."""
    return Command("resolve", ANN, Key("k1"), LessonId("l1"), particulars=Particulars(split=split))


def settled(allowed: AsGiven, said: Command | None, held: int = 101, fees: Fees = FEE) -> Legs:
    """Return the legs of what is held when a command has said how to split."""
    return compile_split(allowed, fees, 2)(held, NOON, TERMS, None, 1, {}, BRIEF, said, None)


@pytest.mark.parametrize(
    ("split", "legs"),
    [
        ({"student": "rest"}, (("payer", 101),)),
        ({"tutor": "rest"}, (("tutor", 86), ("platform", 15))),
        ({"tutor": "50%", "student": "rest"}, (("tutor", 42), ("payer", 51), ("platform", 8))),
        ({"student": "50%", "tutor": "rest"}, (("payer", 50), ("tutor", 43), ("platform", 8))),
        ({"platform": "10%", "tutor": "1h", "student": "rest"}, (("platform", 18), ("tutor", 42), ("payer", 41))),
    ],
)
def test_the_command_says_the_split(split: dict[str, str], legs: Legs) -> None:
    """Where any split is allowed, what is held is divided as the command says; the commission stays the policy's."""
    assert settled(ANY, command(Settlement.of(split))) == legs


def test_one_compiled_settlement_serves_every_split() -> None:
    """Nothing of one command is left for the next."""
    split = compile_split(ANY, Fees((FeeRate(rate("10%"), below=60), FeeRate(rate("20%")))), 2)

    legs = [split(101, NOON, TERMS, None, 1, {}, BRIEF, command(each), None) for each in (ALL, HALF, NOTHING, ALL)]

    assert legs[0] == legs[3] == (("tutor", 81), ("platform", 20))
    assert legs[1:3] == [(("tutor", 45), ("payer", 51), ("platform", 5)), (("payer", 101),)]


def test_the_odd_cent_goes_as_the_policy_words_the_choice() -> None:
    """The command means a choice in its own words; which share is rounded is the policy's to say."""
    said = command(Settlement.of({"student": "50%", "tutor": "50%"}))

    assert settled(SOME, said, fees=Fees()) == (("tutor", 50), ("payer", 51))
    assert settled(ANY, said, fees=Fees()) == (("payer", 50), ("tutor", 51))


@pytest.mark.parametrize(
    ("allowed", "split", "choice"),
    [
        (ANY, HALF, HALF),
        (SOME, HALF, HALF),
        (SOME, Settlement.of({"tutor": "100%", "student": "rest"}), ALL),
        (SOME, Settlement.of({"tutor": "0%", "student": "rest"}), NOTHING),
        (SOME, Settlement.of({"tutor": "51%", "student": "rest"}), None),
        (SOME, Settlement.of({"tutor": "1h", "student": "rest"}), None),
    ],
)
def test_a_split_is_allowed_if_it_means_a_choice(
    allowed: AsGiven, split: Settlement, choice: Settlement | None
) -> None:
    """Without choices every split is allowed; otherwise those that mean one of them, however they are written."""
    assert allowed.chosen(split) == choice
    assert allowed.allows(split) is (choice is not None)


@pytest.mark.parametrize(
    "said",
    [
        None,
        Command("resolve", ANN, Key("k1"), LessonId("l1")),
        command(None),
        command(Settlement.of({"tutor": "1%", "student": "rest"})),
    ],
)
def test_a_split_that_nobody_let_through_is_our_mistake(said: Command | None) -> None:
    """Whoever settles has made sure that there is a split, and that it is allowed."""
    with pytest.raises(InvariantError, match="a settlement as given: student rest; tutor 50%, student rest; tutor"):
        settled(SOME, said)


@given(percent=st.integers(0, 100), held=st.integers(0, 10**9), commission=st.integers(0, 100))
def test_a_given_split_pays_what_the_same_split_of_a_policy_pays(percent: int, held: int, commission: int) -> None:
    """It does not matter whether the command or the policy says the shares."""
    split = Settlement.of({"tutor": f"{percent}%", "student": "rest"})
    fees = Fees.flat(rate(f"{commission}%"))

    legs = settled(ANY, command(split), held, fees)

    assert legs == compile_split(split, fees, 2)(held, NOON, TERMS, None, 1, {}, BRIEF, None, None)
    assert sum(amount for _, amount in legs) == held


def test_it_prints_what_is_allowed() -> None:
    """The texts are those of a policy file, and the string is for people."""
    assert (ANY.as_texts(), str(ANY)) == ("as_given", "as given")
    assert AsGiven((HALF, ALL)).as_texts() == {"choices": [{"tutor": "50%", "student": "rest"}, {"tutor": "rest"}]}
    assert str(AsGiven((HALF, ALL))) == "as given: tutor 50%, student rest; tutor rest"


def test_each_choice_stands_once() -> None:
    """Two wordings of one split would leave open where the odd cent goes."""
    with pytest.raises(InvalidValue, match="each split once"):
        AsGiven((HALF, Settlement.of({"student": "50%", "tutor": "rest"})))


@pytest.mark.parametrize("choices", [[HALF], ("50%",)])
def test_choices_are_settlements(choices: object) -> None:
    """Choices built in Python are a tuple of settlements."""
    with pytest.raises(TypeError):
        AsGiven(choices)  # type: ignore[arg-type]  # the wrong type is the point
