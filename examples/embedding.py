"""tutorcore inside a platform's own transaction: one connection, one commit, the platform's tables and ours.

What tutorcore writes belongs to the transaction that the platform is in. A rollback takes it back together with the
platform's own rows, a commit keeps both.
"""

import sqlite3
from contextlib import closing
from datetime import timedelta

from tutorcore import Marketplace, enlist_sqlite, install_schema, instant, load_preset


def order_lesson(connection: sqlite3.Connection, market: Marketplace, number: int) -> str:
    """Write the platform's order and ask for the lesson, without committing either; return the lesson's id."""
    connection.execute("INSERT INTO orders (number, student) VALUES (?, 'ann')", (number,))
    outcome = market.request(
        student="ann",
        tutor="tom",
        start=instant("2026-03-30T16:00:00Z"),
        duration=timedelta(minutes=60),
        price="25.0",
        key=f"order-{number}",
        lesson=f"order-{number}",
        now=instant("2026-03-26T09:00:00Z"),
    )
    assert outcome.lesson is not None, outcome.refusal  # Ann can pay and Tom is free.
    return outcome.lesson.id


def show(connection: sqlite3.Connection, market: Marketplace, when: str) -> None:
    """Print how many orders and lessons there are, and what Ann can spend."""
    ((orders,),) = connection.execute("SELECT count(*) FROM orders")
    now = instant("2026-03-26T10:00:00Z")
    lessons = [f"{lesson.id} {lesson.state}" for lesson in market.lessons("ann", now=now)]
    print(f"{when}: orders {orders}, lessons {lessons}, wallet {market.wallet('ann', 'ITC', now=now)}")


with closing(sqlite3.connect(":memory:")) as connection:
    connection.execute("CREATE TABLE orders (number INTEGER PRIMARY KEY, student TEXT NOT NULL)")
    install_schema(connection)
    market = Marketplace(enlist_sqlite(connection), [load_preset("italki")])
    market.add_party("ann", zone="America/New_York")
    market.add_party("tom", zone="Europe/Berlin")
    market.top_up("ann", market.money("60.0", "ITC"), key="payment-1", now=instant("2026-03-26T08:00:00Z"))
    connection.commit()

    order_lesson(connection, market, 1)
    show(connection, market, "asked      ")
    connection.rollback()
    show(connection, market, "rolled back")

    lesson = order_lesson(connection, market, 2)
    connection.commit()
    show(connection, market, "committed  ")

    deadline = market.deadline(lesson, now=instant("2026-03-26T10:00:00Z"))
    assert deadline is not None
    print(f"Tom has time to answer until {deadline}")
