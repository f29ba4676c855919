"""A marketplace that an earlier release kept is opened by this one, and its lessons go on as they would have there."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from tutorcore.adapters.sql.sqlite import enlist_sqlite, install_schema, open_sqlite
from tutorcore.adapters.sql.sqlite_files import APPLICATION_ID
from tutorcore.engine.marketplace import Marketplace
from tutorcore.engine.outcome import Outcome
from tutorcore.ids import LessonId, PartyId, PolicyHash
from tutorcore.instants import instant
from tutorcore.ledger.accounts import available, pending, wallet
from tutorcore.policy.codec import load_preset, machine_of
from tutorcore.ports.storage import Storage

_BEGAN: Final = instant("2026-03-02T09:00:00Z")
_LEFT: Final = instant("2026-03-07T12:00:00Z")
_LONG_AFTER: Final = instant("2027-01-01T00:00:00Z")
_ANN: Final = PartyId("ann")
_TOM: Final = PartyId("tom")
_DAY: Final = timedelta(days=1)
_ITALKI: Final = PolicyHash("08efe76bff497eb1186e61d0c6e69fbd55381e7adfc1424f820f4be92e165326")
_ITUTOR: Final = PolicyHash("cee1000cb3d54f9a06232a7abc4e2f036faf6798b9513ff5cc880f31bc4cc799")


@pytest.fixture(params=["file", "enlisted"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """The marketplace of `version_2.sql`, in a file of ours and in a database of the caller's."""
    path = tmp_path / "lessons.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(Path(__file__).with_name("version_2.sql").read_text(encoding="utf-8"))
        if request.param == "enlisted":
            install_schema(connection)
            yield enlist_sqlite(connection)
            return
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 2")
    with open_sqlite(path) as opened:
        yield opened


@pytest.fixture
def market(storage: Storage) -> Marketplace:
    """The marketplace under the presets as they are now."""
    return Marketplace(storage, (load_preset("italki"), load_preset("itutor")))


def _done(outcome: Outcome) -> str:
    lesson = outcome.or_raise().lesson
    assert lesson is not None
    return lesson.state


def test_every_lesson_is_there_as_it_was(storage: Storage) -> None:
    """States, money, proposals, meetings and deadlines are those that were left."""
    with storage.reading() as tx:
        found = {
            lesson.id: (lesson.number, lesson.state, lesson.held, lesson.proposal, lesson.brief.policy)
            for lesson in tx.lessons()
        }
        balances = [tx.balance(account, "ITC") for account in (wallet(_ANN), pending(_TOM), available(_TOM))]
        online, changing = tx.lesson(LessonId("online")), tx.lesson(LessonId("changing"))
        due = tx.due(_LEFT + 3 * _DAY)

    assert found == {
        "taught": (5, "completed", 0, 1, _ITALKI),
        "delivered": (4, "delivered", 250, 1, _ITALKI),
        "lapsed": (2, "expired", 0, 1, _ITALKI),
        "agreed": (3, "agreed", 300, 2, _ITALKI),
        "changing": (3, "agreed", 250, 2, _ITALKI),
        "refused": (2, "declined", 0, 1, _ITALKI),
        "asked": (1, "requested", 250, 1, _ITALKI),
        "online": (3, "agreed", 10000, 1, _ITUTOR),
    }
    assert balances == [700, 0, 212]
    assert online is not None
    assert online.meeting is not None
    assert online.meeting.link("tutor") == "https://meet.example/t"
    assert changing is not None
    assert changing.change is not None
    assert changing.change.terms.start == _BEGAN + 13 * _DAY
    assert due == ["online", "asked", "changing", "delivered"]


def test_what_came_later_is_empty(storage: Storage) -> None:
    """No version of a lesson has a problem or remembers what was settled."""
    with storage.reading() as tx:
        versions = [each.version for lesson in tx.lessons() for each in tx.history(lesson.id)]

    assert len(versions) == 23
    assert {(version.problem, version.settled) for version in versions} == {(None, None)}


def test_people_are_known_to_have_met(storage: Storage) -> None:
    """Lessons that were taught before count: the tutor and the student of one have met, and nobody else has."""
    pairs = [("tom", "ann"), ("ann", "tom"), ("tim", "ann"), ("tom", "amy")]
    with storage.reading() as tx:
        found = [tx.has_met(PartyId(tutor), PartyId(student)) for tutor, student in pairs]

    assert found == [True, False, False, False]


def test_its_lessons_go_on(storage: Storage, market: Marketplace) -> None:
    """People answer what was asked and proposed before, silence ends the rest, and all money finds its owner."""
    now = _LEFT + timedelta(hours=1)
    states = {
        "asked": _done(market.accept("asked", by="tom", proposal=1, key="tom accepts", now=now)),
        "changing": _done(market.accept("changing", by="tim", proposal=2, key="tim moves too", now=now)),
        "delivered": _done(market.confirm("delivered", by="ann", key="ann confirms", now=now)),
    }
    moved = market.lesson("changing", now=now).terms.start
    market.sweep(now=_LONG_AFTER)
    with storage.reading() as tx:
        running, held = tx.lessons(over=False), [each for each in tx.balances() if each[0].kind == "escrow"]
        earned = {tutor: tx.balance(available(PartyId(tutor)), "ITC") for tutor in ("tom", "tim")}
        last: dict[str, str] = {lesson.id: lesson.state for lesson in tx.lessons()}

    assert states == {"asked": "agreed", "changing": "agreed", "delivered": "completed"}
    assert moved == _BEGAN + 13 * _DAY
    assert (running, held) == ((), [])
    assert {last[id] for id in ("agreed", "asked", "changing", "delivered", "taught")} == {"completed"}
    assert earned == {"tom": 3 * 212 + 255, "tim": 212}


def test_answers_that_were_given_are_given_again(market: Marketplace) -> None:
    """A command that comes again under its key is answered as it was then, a refusal too."""
    accepted = market.accept("taught", by="tom", proposal=1, key="tom accepts 1 of taught", now=_LONG_AFTER)
    refused = market.accept("asked", by="ann", proposal=1, key="not ann's", now=_LONG_AFTER)

    assert accepted.repeated
    assert _done(accepted) == "agreed"
    assert refused.repeated
    assert refused.refusal is not None
    assert refused.refusal.code == "not_yours"


def test_new_lessons_stand_beside_the_old_ones(storage: Storage, market: Marketplace) -> None:
    """Who asks anew asks under the policy of today; the old lessons keep theirs, and the times that they take."""
    now = _LEFT + timedelta(hours=1)
    asked = {
        days: market.request(
            student="ann", tutor="tom", start=_BEGAN + days * _DAY, duration=timedelta(hours=1), price="20.0",
            policy="italki", key=f"day {days}", lesson=f"day-{days}", now=now,
        )
        for days in (10, 11)
    }  # fmt: skip
    with storage.reading() as tx:
        new, old, machine = tx.lesson(LessonId("day-11")), tx.lesson(LessonId("agreed")), tx.machine(_ITALKI)

    assert asked[10].refusal is not None
    assert asked[10].refusal.code == "slot_taken"
    assert _done(asked[11]) == "requested"
    assert new is not None
    assert old is not None
    assert new.brief.policy == machine_of(load_preset("italki")).hash
    assert old.machine is machine
