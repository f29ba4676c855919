"""A version's entry is made in one pass for speed; here it is compared with the ledger's own builders."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from tutorcore.ids import Key, LessonId, PartyId
from tutorcore.instants import instant
from tutorcore.ledger import COMMISSION, Account, escrow, flow, flow_kind, pending, wallet
from tutorcore.lessons import NO_FACTS, Brief, Command, Lesson, Offer, decide, entry_of
from tutorcore.policy import load_preset, machine_of
from tutorcore.policy.settlement import LegRole

ASKED = instant("2026-03-02T10:00:00Z")
ANN, BOB = PartyId("ann"), PartyId("bob")
ACCOUNTS: dict[LegRole, Account] = {"payer": wallet(ANN), "tutor": pending(BOB), "platform": COMMISSION}


def requested() -> Lesson:
    """Return a lesson that has just been asked for."""
    machine = machine_of(load_preset("italki"))
    brief = Brief(LessonId("L1"), machine.hash, "Europe/Berlin", "ITC", ASKED, BOB, ANN, ANN, ANN)
    offer = Offer(ASKED + timedelta(days=2), timedelta(hours=1), 250)
    lesson = decide(machine, brief, Command("request", ANN, Key("k"), brief.id, None, offer), NO_FACTS, ASKED)
    assert isinstance(lesson, Lesson)
    return lesson


PAID_OUT = st.dictionaries(st.sampled_from(sorted(ACCOUNTS)), st.integers(1, 10**9))
PAID_IN = st.builds(lambda amount: {"payer": -amount}, st.integers(1, 10**9))


@given(amounts=PAID_OUT | PAID_IN, held=st.sampled_from([0, 100]), by_timeout=st.booleans())
def test_an_entry_is_the_one_that_the_builders_of_the_ledger_make(
    amounts: dict[LegRole, int], held: int, by_timeout: bool
) -> None:
    """Whatever moves, the entry of a version equals that of `flow` with the kind of `flow_kind`."""
    first = requested()
    command = None if by_timeout else first.command
    version = first._replace(legs=tuple(amounts.items()), held=held, command=command)
    flows = [(ACCOUNTS[role], amount) for role, amount in amounts.items()]
    kind = flow_kind(flows, held, "timeout" if by_timeout else "move")

    assert entry_of(version) == flow(kind, escrow(LessonId("L1")), flows, "ITC", ASKED, "L1", first.step.id)
