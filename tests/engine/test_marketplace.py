from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tutorcore import (
    InvalidValue,
    Marketplace,
    MemoryStorage,
    Mistakes,
    Offer,
    Outcome,
    Preview,
    Refusal,
    UnknownName,
    instant,
    load_policy,
    load_preset,
    open_sqlite,
)
from tutorcore.policy import Process
from tutorcore.ports import Storage

_NOW = instant("2026-03-02T10:00:00Z")
_START = instant("2026-03-10T10:00:00Z")
_HOUR = timedelta(hours=1)

_HEAD = """
extends = "process/1"
id = "sample"
currency = "USD"
[opening]
verb = "request"
by = ["student"]
to = "requested"
terms = "propose"
hold = "cover"
"""


@pytest.fixture(params=["memory", "sqlite"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    """Each store in turn, closed again."""
    if request.param == "memory":
        yield MemoryStorage()
    else:
        with open_sqlite(":memory:") as opened:
            yield opened


def _market(*policies: Process, storage: Storage | None = None) -> Marketplace:
    market = Marketplace(storage or MemoryStorage(), policies or [load_preset("italki")])
    for id, zone in (("ann", "America/New_York"), ("tom", "Europe/Berlin"), ("sue", "UTC")):
        market.add_party(id, zone=zone)
    market.add_party("op", zone="UTC", grants=["operator"])
    currency = next(iter(policies)).unit.code if policies else "ITC"
    market.top_up("ann", market.money(100, currency) if currency != "ITC" else market.money("100.0", "ITC"), key="w",
                  now=_NOW)  # fmt: skip
    return market


def _ask(market: Marketplace, key: str = "ask", **instead: object) -> Outcome:
    wanted: dict[str, object] = {
        "student": "ann", "tutor": "tom", "start": _START, "duration": _HOUR, "price": "25.0", "now": _NOW,
    }  # fmt: skip
    wanted |= instead
    return market.request(key=key, **wanted)  # type: ignore[arg-type]  # the tests know what they leave out


def _usd(table: str) -> Process:
    return load_policy(_HEAD + table, "sample.toml")


def test_the_first_row_whose_guard_holds_decides_and_no_other_is_tried() -> None:
    """A cancellation that lacks its reason is refused; it does not slip into the row for late ones."""
    process = _usd("""
[state.requested]
[[state.requested.on.cancel]]
by = ["student"]
to = "off"
when = "notice >= 24h"
needs = ["reason"]
settle = { student = "rest" }
[[state.requested.on.cancel]]
by = ["student"]
to = "off"
settle = { tutor = "rest" }
[[state.requested.timeout]]
at = "lesson.start"
to = "off"
settle = { student = "rest" }
[state.off]
over = true
""")
    market = _market(process)
    lesson = _ask(market, price="25.00").or_raise().lesson
    assert lesson is not None

    early = market.cancel(lesson.id, by="ann", key="c1", now=_NOW)
    late = market.cancel(lesson.id, by="ann", key="c2", now=_START - _HOUR)

    assert early.refusal is not None
    assert early.refusal.code == "missing"
    assert late.or_raise().versions[-1].legs == (("tutor", 2500),)


@pytest.mark.parametrize("batch", [1, 2, 100])
def test_the_order_of_timeouts_does_not_depend_on_how_many_are_swept_at_once(batch: int) -> None:
    """A count over other lessons sees every timeout before it, and reading foretells what sweeping records."""
    process = _usd("""
[state.requested]
waits_for = "tutor"
[[state.requested.timeout]]
at = "entered + 1h"
to = "waiting"
fault = "holder"
mark = "late"
[state.waiting]
[[state.waiting.timeout]]
at = "lesson.start"
to = "off"
cases = [
  { when = "count(late, tutor) >= 3", settle = { student = "rest" } },
  { settle = { tutor = "rest" } },
]
[state.off]
over = true
""")
    market = _market(process)
    for number in range(3):
        _ask(market, f"a{number}", lesson=f"l{number}", start=_START + number * _HOUR, price="10.00",
             now=_NOW + timedelta(minutes=number)).or_raise()  # fmt: skip
    later = _START + timedelta(days=1)
    foretold = [market.lesson(f"l{number}", now=later).step.id for number in range(3)]

    market.sweep(now=later, batch=batch)

    recorded = [market.lesson(f"l{number}", now=later).step.id for number in range(3)]
    assert recorded == foretold
    assert set(recorded) == {"waiting.timeout.0.0"}


def test_what_a_command_opens_and_is_due_already_has_happened_in_its_outcome() -> None:
    """With `if_past = "fire"` the outcome is where the lesson stands now, not where it stood for no time at all."""
    process = _usd("""
[state.requested]
[[state.requested.on.go]]
by = ["student"]
to = "going"
[[state.requested.timeout]]
at = "lesson.end"
to = "off"
settle = { student = "rest" }
[state.going]
[[state.going.timeout]]
at = "created + 1h"
to = "off"
if_past = "fire"
settle = { student = "rest" }
[state.off]
over = true
""")
    market = _market(process)
    lesson = _ask(market, price="25.00").or_raise().lesson
    assert lesson is not None
    at = _NOW + 2 * _HOUR

    outcome = market.act("go", lesson.id, by="ann", key="go", now=at)

    assert outcome.lesson == market.lesson(lesson.id, now=at)
    assert [version.state for version in outcome.versions] == ["going", "off"]
    assert market.wallet("ann", "USD", now=at) == market.money(100, "USD")


def test_a_repeated_request_is_answered_whatever_the_policies_are_by_now() -> None:
    """The answer to a key does not change because the platform took up another policy."""
    storage = MemoryStorage()
    first = _ask(_market(storage=storage)).or_raise()
    other = load_policy('extends = "italki"\nid = "other"\n')

    again = Marketplace(storage, [load_preset("italki"), other]).request(
        student="ann", tutor="tom", start=_START, duration=_HOUR, price="25.0", key="ask", now=_START
    )

    assert again.repeated
    assert again.lesson == first.lesson


def test_of_several_versions_of_one_policy_the_last_one_given_is_current() -> None:
    """A policy need not be named where only its versions differ."""
    newer = load_policy('extends = "italki"\nversion = "2026-01"\n')
    market = _market(load_preset("italki"), newer)

    lesson = _ask(market).or_raise().lesson

    assert lesson is not None
    assert lesson.machine.process.name == "italki@2026-01"


def test_an_id_that_names_a_lesson_is_not_asked_for_again() -> None:
    """A request with the id of another lesson is refused by name and leaves that lesson alone."""
    market = _market()
    lesson = _ask(market, lesson="l").or_raise().lesson

    with pytest.raises(InvalidValue, match="a new id"):
        _ask(market, "other", lesson="l", student="sue", price="0")

    assert market.lesson("l", now=_NOW) == lesson


@pytest.mark.parametrize(("by", "payer"), [("ann", "sue"), ("ann", "tom"), ("sue", "tom")])
def test_nobody_pays_who_has_not_asked(by: str, payer: str) -> None:
    """A payer is the student or whoever asks, and never the tutor."""
    market = _market()

    with pytest.raises(InvalidValue, match="payer"):
        _ask(market, by=by, payer=payer)

    assert market.lessons(now=_NOW) == ()


def test_a_tutor_is_never_the_student_s_side() -> None:
    """Where whoever requests may ask, the tutor cannot ask for a lesson with himself at the student's cost."""
    process = load_policy("""
extends = "italki"
id = "parents"
request.by = ["requester"]
change = false
complete.by = ["requester"]
""")
    market = _market(load_preset("italki"), process)

    refused = _ask(market, by="tom", policy="parents")

    assert refused.refusal is not None
    assert refused.refusal.code == "not_yours"
    assert market.wallet("ann", "ITC", now=_NOW) == market.money("100.0", "ITC")


def test_whoever_asks_for_somebody_else_pays() -> None:
    """A parent's request is held from the parent's wallet."""
    process = load_policy("""
extends = "italki"
id = "parents"
request.by = ["requester"]
change = false
complete.by = ["requester"]
""")
    market = _market(load_preset("italki"), process)
    market.top_up("sue", market.money("30.0", "ITC"), key="sue", now=_NOW)

    _ask(market, by="sue", policy="parents").or_raise()

    assert market.wallet("sue", "ITC", now=_NOW) == market.money("5.0", "ITC")
    assert market.wallet("ann", "ITC", now=_NOW) == market.money("100.0", "ITC")


def test_while_a_change_is_open_the_lesson_s_own_moves_keep_their_own_end_and_number() -> None:
    """Cancelling stays open beyond the change's deadline, and what is agreed keeps the number it was agreed under."""
    market = _market()
    _ask(market, lesson="l").or_raise()
    market.accept("l", by="tom", proposal=1, key="yes", now=_NOW).or_raise()
    market.propose("l", by="tom", start=_START + _HOUR, key="later", now=_NOW).or_raise()

    options = {option.verb: option for option in market.allowed("l", by="ann", now=_NOW)}
    change_due = market.lesson("l", now=_NOW).change

    assert change_due is not None
    assert options["cancel"].until == _START - timedelta(hours=24)
    assert options["accept"].until == change_due.due
    assert options["accept"].proposal == 2


def test_nothing_is_open_at_an_instant_that_the_record_has_passed() -> None:
    """A look back offers no buttons: whatever one pressed would come out of order."""
    market = _market()
    _ask(market, lesson="l").or_raise()

    assert market.allowed("l", by="tom", now=_NOW)
    assert market.allowed("l", by="tom", now=_NOW - _HOUR) == ()


def test_a_preview_knows_the_wallet_and_other_people_s_time(storage: Storage) -> None:
    """What the dialog shows is what would happen: the money that is missing, the hour that is taken."""
    market = _market(storage=storage)
    market.top_up("sue", market.money("50.0", "ITC"), key="sue", now=_NOW)
    _ask(market, lesson="a").or_raise()
    market.accept("a", by="tom", proposal=1, key="yes", now=_NOW).or_raise()
    _ask(market, "two", lesson="b", student="sue", start=_START + 5 * _HOUR, price="50.0").or_raise()
    market.propose("b", by="tom", price="50.1", key="dear", now=_NOW).or_raise()

    dear = market.preview("accept", "b", by="sue", proposal=2, now=_NOW)
    clash = market.preview("propose", "a", by="ann", offer=Offer(start=_START + 5 * _HOUR), now=_NOW)
    fine = market.preview("cancel", "a", by="ann", now=_NOW)

    assert isinstance(dear, Refusal)
    assert dear.code == "insufficient_funds"
    assert dear == market.accept("b", by="sue", proposal=2, key="try", now=_NOW).refusal
    assert isinstance(clash, Refusal)
    assert clash == market.propose("a", by="ann", start=_START + 5 * _HOUR, key="try2", now=_NOW).refusal
    assert isinstance(fine, Preview)
    assert fine.legs == (("payer", 250),)


def test_a_sweep_that_only_clears_earnings_leaves_its_line() -> None:
    """Earnings that become available are part of what a sweep did, in its answer and in the audit trail."""
    process = load_policy('extends = "italki"\nid = "slow"\npayout.clears_after = "336h"\n')
    market = _market(process)
    _ask(market, lesson="l").or_raise()
    market.accept("l", by="tom", proposal=1, key="yes", now=_NOW).or_raise()
    confirmed = _START + 2 * _HOUR
    market.confirm("l", by="ann", key="done", now=confirmed).or_raise()

    early = market.sweep(now=confirmed + timedelta(days=14) - timedelta(microseconds=1), key="s1")
    swept = market.sweep(now=confirmed + timedelta(days=14), key="s2")

    assert (early.timeouts, early.clearings, early.transactions) == (0, 0, 0)
    assert (swept.timeouts, swept.clearings, swept.transactions) == (0, 1, 1)
    assert market.audit()[-1].verb == "sweep"
    assert market.earnings("tom", "ITC", now=confirmed).pending.minor == 0
    assert market.earnings("tom", "ITC", now=confirmed).available == market.money("21.2", "ITC")


def test_earnings_are_shown_as_available_from_the_instant_they_clear() -> None:
    """Whether a sweep has run makes no difference to what a tutor sees."""
    process = load_policy('extends = "italki"\nid = "slow"\npayout.clears_after = "336h"\n')
    market = _market(process)
    _ask(market, lesson="l").or_raise()
    market.accept("l", by="tom", proposal=1, key="yes", now=_NOW).or_raise()
    confirmed = _START + 2 * _HOUR
    market.confirm("l", by="ann", key="done", now=confirmed).or_raise()
    clears = confirmed + timedelta(days=14)

    before = market.earnings("tom", "ITC", now=clears - timedelta(microseconds=1))
    after = market.earnings("tom", "ITC", now=clears)

    assert (before.pending.text, before.available.text) == ("21.2", "0.0")
    assert (after.pending.text, after.available.text) == ("0.0", "21.2")


def test_changing_a_party_s_zone_leaves_its_grants() -> None:
    """Grants are taken away only by saying so."""
    market = _market()

    moved = market.add_party("op", zone="Asia/Tokyo")
    stripped = market.add_party("op", zone="Asia/Tokyo", grants=[])

    assert moved.grants == {"operator"}
    assert stripped.grants == frozenset()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[state.requested.timeout]\nat = 'lesson.start'\nto = 'waiting'\n"
         "[state.waiting.timeout]\nat = 'lesson.start'\nto = 'requested'\n", "makes sure that an hour passes"),
        ("[state.requested.timeout]\nat = 'lesson.start'\nto = 'waiting'\nterms = 'accept'\n"
         "[state.waiting]\nover = true\n", "held and claimed already"),
        ("[state.requested.on.nod]\nby = ['tutor']\nto = 'stay'\nterms = 'accept'\n"
         "[state.requested.timeout]\nat = 'lesson.start'\nto = 'off'\nsettle = { student = 'rest' }\n"
         "[state.off]\nover = true\n", "only records"),
        ("[state.requested.on.drop]\nby = ['student']\nto = 'off'\nsettle = { student = 'rest' }\nmark = 'late'\n"
         "[state.off]\nover = true\n", "name whom in fault"),
    ],
    ids=["a circle in no time", "silence that takes money", "an aside that binds", "a mark on nobody"],
)  # fmt: skip
def test_a_table_that_could_get_stuck_or_lose_money_is_refused(table: str, message: str) -> None:
    """What no person could refuse later is refused when the table is loaded."""
    with pytest.raises(Mistakes) as refused:
        _usd(table)

    assert message in str(refused.value)


_COUNTING = """
[state.requested]
waits_for = "tutor"
[[state.requested.timeout]]
at = "lesson.start"
to = "off"
fault = "holder"
cases = [
  { when = "count(late, tutor) >= 1", settle = { student = "rest" } },
  { settle = { tutor = "rest" }, mark = "late" },
]
[state.off]
over = true
"""


def _who_got_what(sweeps: bool) -> dict[str, str]:
    market = _market(_usd(_COUNTING))
    market.add_party("dan", zone="UTC")
    for id in ("sue", "dan"):
        market.top_up(id, market.money(100, "USD"), key=id, now=_NOW)
    _ask(market, "1", lesson="first", student="sue", price="10.00").or_raise()
    _ask(market, "2", lesson="second", start=_START + _HOUR, price="10.00").or_raise()
    later = _START + timedelta(days=1)
    if sweeps:
        market.sweep(now=later)

    # Ann asks somebody else: her own overdue lesson is caught up, and whether it counts Tom's other one must not depend
    # on who looked first.
    _ask(market, "3", lesson="third", tutor="dan", start=later + _HOUR, price="1.00", now=later).or_raise()

    return {id: market.history(id)[-1].version.step.id for id in ("second",)}


def test_what_a_timeout_counts_does_not_depend_on_who_looked_first() -> None:
    """A lesson that is caught up through one of its people brings those of the other with it if it counts them."""
    assert _who_got_what(sweeps=False) == _who_got_what(sweeps=True)


def test_money_in_a_unit_whose_policy_is_no_longer_offered_can_still_be_read(storage: Storage) -> None:
    """Lessons run on under a policy that nobody asks under any more, and so does the unit it counts in."""
    _ask(_market(storage=storage)).or_raise()

    later = Marketplace(storage, [_usd(_COUNTING)])

    assert str(later.wallet("ann", "ITC", now=_NOW)) == "75.0 ITC"


_WHEN_AGREED = """
extends = "lesson/1"
id = "own"
currency = "EUR"
[request]
by = ["student", "requester"]
hold = "when_agreed"
answer_by = "asked + 48h"
[complete]
silence = { at = "lesson.end + 2h", becomes = "completed" }
"""


@pytest.mark.parametrize(("by", "sees"), [("tom", False), ("ann", True)])
@pytest.mark.parametrize("granted", [True, False])
def test_a_wallet_is_shown_only_to_its_owner_and_to_the_marketplace(
    storage: Storage, by: str, sees: bool, granted: bool
) -> None:
    """Whoever else would make the payer pay learns that the wallet does not cover it, now and when it is repeated."""
    policy = load_policy(_WHEN_AGREED.replace("when_agreed", "when_agreed" if by == "tom" else "when_asked"))
    market = _market(policy, storage=storage)
    if granted:
        market.add_party(by, zone="UTC", grants=["agent"])
    if by == "tom":
        _ask(market, price="100.01", lesson="l").or_raise()

    def refused() -> Refusal | None:
        if by == "tom":
            return market.accept("l", by="tom", proposal=1, key="try", now=_NOW).refusal
        return _ask(market, "try", price="100.01", lesson="l").refusal

    first, again = refused(), refused()

    assert first is not None
    assert first.code == "insufficient_funds"
    known = {"has": "100.00", "missing": "0.01"} if sees or granted else {}
    assert first.facts == {"party": "ann", "needed": "100.01", "currency": "EUR", **known}
    assert first.sentence == (
        "ann has 100.00 EUR and needs 100.01: 0.01 EUR are missing"
        if known
        else "the wallet of ann does not cover the 100.01 EUR that this needs"
    )
    assert again == first
    if by == "tom":
        assert market.preview("accept", "l", by="tom", proposal=1, now=_NOW) == first


# The outbox.


def test_the_outbox_is_read_by_kind_and_finished_row_by_row(storage: Storage) -> None:
    """Whoever delivers messages himself asks for what is undone and says when it is done; again is harmless."""
    market = _market(load_preset("itutor"), storage=storage)
    market.add_party("tom", zone="UTC", permissions=["meeting_provider"])
    _ask(market, price="10.00", lesson="l").or_raise()
    market.accept("l", by="tom", proposal=1, key="yes", now=_NOW).or_raise()
    every = market.outbox()
    (told, *_) = market.outbox(kinds=["told", "reminder"], undone=True)

    market.delivered(told.sequence)
    market.delivered(told.sequence)

    assert {row.message.kind for row in every} == {"told", "meeting_wanted"}
    assert [row.message.kind for row in market.outbox(kinds=("meeting_wanted",))] == ["meeting_wanted"]
    assert [row.sequence for row in market.outbox(undone=True)] == [row.sequence for row in every if row != told]
    assert [row.done for row in market.outbox()] == [row == told for row in every]


def test_a_row_that_is_not_there_cannot_be_finished(storage: Storage) -> None:
    """Its number is unknown; nothing else is finished in its place."""
    market = _market(storage=storage)
    _ask(market).or_raise()

    with pytest.raises(UnknownName, match="row of the outbox '99'"):
        market.delivered(99)

    assert not any(row.done for row in market.outbox())


def test_two_policies_of_one_name_are_refused(storage: Storage) -> None:
    """Whoever extends a policy and gives it neither id nor version of its own is told before a lesson runs."""
    altered = load_policy('extends = "italki"\nrequest.answer_by = "asked + 24h"')

    with pytest.raises(InvalidValue, match="policies is 'italki@2018-02'; expected one policy of that name"):
        Marketplace(storage, [load_preset("italki"), altered])

    assert Marketplace(storage, [load_preset("italki"), load_preset("italki")])
