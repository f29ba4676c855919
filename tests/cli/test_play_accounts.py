"""Playing what is about no lesson: how tutors stand, and what becomes of their earnings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tutorcore.adapters.memory import MemoryStorage
from tutorcore.adapters.sql.sqlite import open_sqlite
from tutorcore.cli.answer import as_json
from tutorcore.cli.document import document_of
from tutorcore.cli.reading import load_scenario
from tutorcore.cli.running import play_part, play_scenario
from tutorcore.cli.timeline import timeline_of

Write = Callable[[str], Path]

HEAD = """\
schema = 1
id = "s"
policy = "mine.toml"
[parties.ann]
zone = "UTC"
wallet = "300.0"
[parties.tom]
zone = "UTC"
[parties.agnes]
zone = "UTC"
grants = ["agent", "operator"]
"""
POLICY = """\
extends = "italki"
id = "mine"
[payout]
apply = "month_before"
minimum = "20.0"
fee = "1.0"
spendable = true
"""


@pytest.fixture
def play(run: Any, write: Write, tmp_path: Path) -> Any:
    """Return a function that plays steps under italki with rules for payouts, and returns the document."""

    def play(steps: str, *options: str | Path) -> Any:
        (tmp_path / "mine.toml").write_text(POLICY)
        return run("play", write(HEAD + steps), "--json", *options).document

    return play


def _step(at: str, who: str, do: str, *more: str) -> str:
    return "\n".join(["[[steps]]", f"at = {at}", f'who = "{who}"', f'do = "{do}"', *more, ""])


def _asked(day: int, lesson: str, *more: str) -> str:
    return _step(
        f"2018-02-{day:02}T10:00:00Z", "ann", "request", f'lesson = "{lesson}"', 'tutor = "tom"', "minutes = 60",
        f"start = 2018-02-{day + 4:02}T16:00:00Z", 'price = "40.0"', *more,
    )  # fmt: skip


def _handled(at: str, do: str, *more: str) -> str:
    return _step(at, "agnes", do, 'tutor = "tom"', *more)


MISSED_TWICE = _asked(5, "one") + _asked(6, "two")
DISMISSED = _handled(
    "2018-02-09T09:00:00Z", "dismiss_report", "report = 1", 'reason = "ill"', 'case = "77"', 'note = "Get well."'
)
SHOWN = _step("2018-02-09T10:00:00Z", "tom", "show_profile")
TAUGHT = (
    _asked(5, "l")
    + _step("2018-02-05T11:00:00Z", "tom", "accept", 'lesson = "l"', "proposal = 1")
    + _step("2018-02-09T18:00:00Z", "ann", "confirm", 'lesson = "l"')
)
APPLIED = _step("2018-02-20T09:00:00Z", "tom", "apply_for_withdrawal")
WITHDRAWN = _step("2018-03-01T09:00:00Z", "tom", "withdraw_earnings", 'amount = "30.0"', 'withdrawal = "march"')
PAID = _step("2018-03-02T09:00:00Z", "agnes", "withdrawal_paid", 'withdrawal = "march"')
RETURNED = _step(
    "2018-03-02T09:00:00Z", "agnes", "withdrawal_returned", 'withdrawal = "march"', 'reason = "no such account"'
)


def _codes(document: Any) -> list[str | None]:
    return [step["refusal"] and step["refusal"]["code"] for step in document["steps"]]


# How a tutor stands


def test_an_agent_dismisses_and_the_tutor_switches_back(play: Any) -> None:
    """What was raised, handled and ended is told with who, why, which case, and what the counter then shows."""
    document = play(MISSED_TWICE + DISMISSED + SHOWN)

    first, second, dismissed = document["steps"][2]["standings"]
    (shown,) = document["steps"][3]["standings"]
    assert [(each["kind"], each["count"], each["effects"]) for each in (first, second)] == [
        ("raised", 1, ["notice"]),
        ("raised", 2, ["hidden"]),
    ]
    assert second["imposed"][0]["lifted_by"] == "tutor"
    assert (dismissed["kind"], dismissed["report"]["state"], dismissed["count"]) == ("dismissed", "dismissed", 1)
    assert (dismissed["actor"], dismissed["reason"], dismissed["case"], dismissed["note"]) == (
        "agnes", "ill", "77", "Get well.",
    )  # fmt: skip
    assert (dismissed["ended"], shown["ended"]) == ([], ["existing_only", "hidden"])
    (standing,) = document["standings"]
    assert (standing["tutor"], standing["restrictions"]) == ("tom", [])
    assert [report["state"] for report in standing["reports"]] == ["dismissed", "open"]


def test_the_timeline_says_it_in_words(run: Any, play: Any, tmp_path: Path) -> None:
    """People read what happened, how long it lasts, who handled it for which reason, and what the tutor is told."""
    play(MISSED_TWICE + DISMISSED + SHOWN)
    text = run("play", tmp_path / "scenario.toml").out

    for line in (
        "  3   Fri 2018-02-09 09:00:00Z  agnes: dismiss_report #1 of tom (ill, case 77)\n",
        "        the profile is hidden until the tutor switches it back\n",
        "      - tom: report 1 of missed_request dismissed by agnes (ill, case 77); the count is 1\n",
        '        "Get well."\n',
        "  4   Fri 2018-02-09 10:00:00Z  tom: show_profile\n",
        "        the profile can be found again\n",
        "\nStanding\n--------\n  tom:\n    missed_request is at 1\n",
    ):
        assert line in text


def test_a_reset_waits_until_every_report_is_handled(play: Any) -> None:
    """A counter with open reports is refused; afterwards it begins anew and shows nothing."""
    grounds = ('counter = "missed_request"', 'reason = "well again"', 'case = "78"')
    early = _handled("2018-02-09T09:30:00Z", "reset_counter", *grounds)
    recorded = _handled("2018-02-09T09:40:00Z", "record_report", "report = 2", 'reason = "no_answer"', 'case = "77"')
    late = _handled("2018-02-09T09:50:00Z", "reset_counter", *grounds)

    document = play(MISSED_TWICE + DISMISSED + early + recorded + late)

    assert _codes(document)[3:] == ["reports_open", None, None]
    assert document["standings"][0]["counters"] == [{"counter": "missed_request", "count": 0}]
    assert [reset["at"] for reset in document["standings"][0]["resets"]] == ["2018-02-09T09:50:00Z"]


def test_what_is_imposed_can_be_lifted_with_a_reason(play: Any) -> None:
    """An agent ends it at once; without a reason or a case that is refused."""
    bare = _handled("2018-02-09T09:00:00Z", "lift", 'effect = "hidden"')
    whole = _handled("2018-02-09T09:01:00Z", "lift", 'effect = "hidden"', 'reason = "our fault"', 'case = "79"')
    again = _handled("2018-02-09T09:02:00Z", "lift", 'effect = "hidden"', 'reason = "our fault"', 'case = "79"')

    document = play(MISSED_TWICE + bare + whole + again)

    assert _codes(document)[2:] == ["missing", None, "not_open"]
    assert document["steps"][3]["standings"][0]["kind"] == "lifted"


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (DISMISSED.replace("report = 1", "report = 3"), "not_open"),
        (DISMISSED.replace("report = 1", f"report = {10**30}"), "not_open"),
        (DISMISSED.replace('reason = "ill"', 'reason = "lazy"'), "bad_terms"),
        (DISMISSED.replace('"agnes"', '"ann"'), "not_yours"),
        (DISMISSED.replace('tutor = "tom"', 'tutor = "ann"'), "not_open"),
        (SHOWN.replace('"tom"', '"ann"') + 'tutor = "tom"\n', "not_yours"),
        (SHOWN.replace('"tom"', '"ann"'), "not_open"),
        (_handled("2018-02-09T09:00:00Z", "reset_counter", 'counter = "missed_attendance"'), "not_open"),
    ],
)
def test_what_cannot_be_handled_is_an_answer(step: str, code: str, play: Any, tmp_path: Path) -> None:
    """A report that is not there, a reason that is none, a stranger: refused, and the same when repeated."""
    db = tmp_path / "kept.db"

    first = play(MISSED_TWICE + step + SHOWN.replace("10:00", "11:00"), "--db", db)
    again = play(MISSED_TWICE + step + SHOWN.replace("10:00", "11:00"), "--db", db)

    assert first["steps"][2]["refusal"]["code"] == code
    assert first == again


STREAK = """\
extends = "italki"
id = "mine"
payout.apply = false
standing.missed_attendance = false
[standing.missed_request]
bundle = { by = "day", zone = "UTC", counts = 2 }
broken_by = ["taught"]
ladder = [
  { at = 1, effect = "review" },
  { at = 1, effect = "wallet_frozen", for = "30d" },
  { at = 2, effect = "requests_blocked", for = "3d" },
  { at = 3, effect = "existing_only", lifted_by = "operator" },
]
"""


def test_everything_that_can_follow_has_words(run: Any, write: Write, tmp_path: Path) -> None:
    """Reviews, frozen wallets, blocked requests, bundled days, open again, streaks that break, what is lifted."""
    (tmp_path / "mine.toml").write_text(STREAK)
    bundled = _asked(5, "two").replace("T10:00", "T11:00").replace("T16:00", "T18:00")
    late = _asked(5, "three").replace("T10:00", "T20:00").replace("T16:00", "T20:00")
    steps = (
        _asked(4, "taught")
        + _step("2018-02-04T11:00:00Z", "tom", "accept", 'lesson = "taught"', "proposal = 1")
        + _asked(5, "one")
        + bundled
        + late
        + _handled("2018-02-07T12:00:00Z", "dismiss_report", "report = 1", 'reason = "ill"', 'case = "1"')
        + _step("2018-02-07T21:00:00Z", "tom", "withdraw_earnings", 'amount = "1.0"', 'expect = "frozen"')
        + _step("2018-02-08T18:00:00Z", "ann", "confirm", 'lesson = "taught"')
        + _handled("2018-02-08T19:00:00Z", "lift", 'effect = "wallet_frozen"', 'reason = "well"', 'case = "1"')
    )

    done = run("play", write(HEAD + steps))

    text = " ".join(done.out.split())
    assert done.code == 0, done.out
    for words in (
        "report 1 of missed_request raised for 2018-02-07, 1 point (one, Wed 2018-02-07 10:00:00Z); the count is 1",
        "somebody of the platform looks into it",
        "the wallet is frozen until Fri 2018-03-09 10:00:00Z",
        "one more lapse in report 1 of missed_request for 2018-02-07, 2 points (one, Wed 2018-02-07 10:00:00Z; two,",
        "nobody can ask for lessons until Sat 2018-02-10 11:00:00Z",
        "report 1 of missed_request open again for 2018-02-07, 1 point",
        "tom: the streak of missed_request is broken; the count is 0",
        "tom: wallet_frozen lifted by agnes (well, case 1)",
        "the wallet is free again",
        "missed_request is at 0",
    ):
        assert words in text, words


# Earnings


def test_a_withdrawal_is_applied_for_taken_out_and_paid(play: Any) -> None:
    """The scenario's name stands for the withdrawal, which the store calls by the key of the application."""
    document = play(TAUGHT + APPLIED + WITHDRAWN + PAID)

    (withdrawal,) = document["withdrawals"]
    applied, withdrawn, paid = document["steps"][3:]
    assert document["as_expected"]
    assert withdrawn["withdrawal"] == withdrawal["id"] == applied["key"]
    assert withdrawal == {
        "name": "march",
        "id": "play/s/4",
        "tutor": "tom",
        "state": "paid",
        "currency": "ITC",
        "amount": 300,
        "fee": 10,
        "applied": "2018-02-20T09:00:00Z",
        "asked": "2018-03-01T09:00:00Z",
        "closed": "2018-03-02T09:00:00Z",
        "reason": None,
    }
    assert [entry["kind"] for entry in withdrawn["entries"]] == ["withdraw"]
    assert withdrawn["entries"][0]["legs"] == [
        {"account": "Liabilities:Tutors:Tom:Available", "minor": -300},
        {"account": "Liabilities:Tutors:Tom:Withdrawing", "minor": 290},
        {"account": "Income:Fees:Payouts", "minor": 10},
    ]
    assert [(entry["kind"], entry["currency"]) for entry in paid["entries"]] == [("pay_out", "ITC"), ("pay_out", "USD")]


def test_a_transfer_that_came_back_can_be_tried_again_under_the_same_name(run: Any, play: Any, tmp_path: Path) -> None:
    """The name stands for what was taken out last; both withdrawals stand in the end, with their entries."""
    again = WITHDRAWN.replace("2018-03-01", "2018-03-03")
    arrived = PAID.replace("2018-03-02", "2018-03-04")

    document = play(TAUGHT + APPLIED + WITHDRAWN + RETURNED + again + arrived)
    text = run("play", tmp_path / "scenario.toml").out

    states = [(each["name"], each["state"], each["reason"]) for each in document["withdrawals"]]
    assert document["as_expected"]
    assert states == [("march", "returned", "no such account"), ("march", "paid", None)]
    assert "      = a transfer came back: march\n" in text
    assert "agnes: withdrawal_returned march (no such account)\n" in text
    assert "\nWithdrawals\n-----------\n  tom: march, 30.0 ITC, fee 1.0 ITC, returned; applied " in text


def test_an_application_that_nothing_came_of_is_told(run: Any, play: Any, tmp_path: Path) -> None:
    """It stands among the withdrawals, without an amount."""
    play(TAUGHT + APPLIED)

    assert "  tom: applied Tue 2018-02-20 09:00:00Z, not withdrawn\n" in run("play", tmp_path / "scenario.toml").out


def test_earnings_can_be_spent(play: Any) -> None:
    """What is available fills the tutor's own wallet."""
    document = play(TAUGHT + _step("2018-02-20T09:00:00Z", "tom", "spend_earnings", 'amount = "4.0"'))

    assert {"account": "Liabilities:Students:Tom:Wallet", "currency": "ITC", "minor": 40} in document["balances"]


def test_telling_of_a_withdrawal_that_was_refused_is_refused(play: Any, tmp_path: Path) -> None:
    """There is nothing that could have arrived; a repeated run says the same."""
    db = tmp_path / "kept.db"
    steps = TAUGHT + WITHDRAWN + PAID + RETURNED.replace("2018-03-02", "2018-03-03")

    first = play(steps, "--db", db)

    assert _codes(first)[3:] == ["not_applied", "not_open", "not_open"]
    assert first == play(steps, "--db", db)


@pytest.mark.parametrize("steps", [MISSED_TWICE + DISMISSED + SHOWN, TAUGHT + APPLIED + WITHDRAWN + RETURNED])
def test_a_run_that_was_cut_short_continues(steps: str, write: Write, tmp_path: Path) -> None:
    """Wherever it stopped, the rest is done and the report is that of an undisturbed run."""
    (tmp_path / "mine.toml").write_text(POLICY)
    scenario = load_scenario(write(HEAD + steps))
    whole = play_scenario(scenario, MemoryStorage())

    for count in range(len(scenario.steps) + 1):
        with open_sqlite(tmp_path / f"{count}.db") as storage:
            play_part(scenario, storage, count)
        with open_sqlite(tmp_path / f"{count}.db") as storage:
            resumed = play_scenario(scenario, storage)

        assert as_json(document_of(resumed)) == as_json(document_of(whole)), f"stopped after {count} steps"
        assert timeline_of(resumed) == timeline_of(whole)


def test_a_rewritten_step_is_refused(play: Any, tmp_path: Path) -> None:
    """A key stands for a position: other grounds, or another amount, are not taken for what was done."""
    db = tmp_path / "kept.db"
    play(TAUGHT + APPLIED + WITHDRAWN, "--db", db)

    document = play(TAUGHT + APPLIED + WITHDRAWN.replace('"30.0"', '"25.0"'), "--db", db)

    assert _codes(document)[-1] == "key_reused"
    assert (document["steps"][-1]["entries"], document["steps"][-1]["withdrawal"]) == ([], None)


def test_two_scenarios_tell_their_own_withdrawals(run: Any, play: Any, tmp_path: Path) -> None:
    """What another scenario has named stands without a name."""
    db, file = tmp_path / "kept.db", tmp_path / "scenario.toml"
    play(TAUGHT + APPLIED + WITHDRAWN, "--db", db)
    file.write_text(HEAD.replace('"s"', '"t"') + _step("2018-04-01T09:00:00Z", "tom", "apply_for_withdrawal"))

    document = run("play", file, "--json", "--db", db).document

    assert [(each["name"], each["state"]) for each in document["withdrawals"]] == [
        (None, "under_way"),
        (None, "applied"),
    ]


# Mistakes


@pytest.mark.parametrize(
    ("old", "new", "path", "message", "suggestion"),
    [
        ('tutor = "tom"\nreport', 'tutor = "tim"\nreport', "steps[2].tutor", "expected one of the parties", "tom"),
        ('tutor = "tom"\nreport', "report", "steps[2].tutor", "is missing", None),
        ("report = 1\n", "", "steps[2].report", "is missing", None),
        ("report = 1", "report = 0", "steps[2].report", "a whole number from 1", None),
        ("report = 1", "report = -1", "steps[2].report", "a whole number from 1", None),
        ("report = 1", 'report = "1"', "steps[2].report", "a whole number from 1", None),
        ("report = 1", "reprt = 1\nreport = 1", "steps[2].reprt", "unknown key", "report"),
        ("report = 1", 'report = 1\ncounter = "missed_request"', "steps[2].counter", "unknown key", None),
        ("report = 1", 'report = 1\nlesson = "one"', "steps[2].lesson", "unknown key", "reason"),
        ('case = "77"', "case = 77", "steps[2].case", "a text in quotes", '"77"'),
        ('"show_profile"', '"show_profil"', "steps[3].do", "is 'show_profil'", "show_profile"),
        ('"show_profile"', '"show_profile"\nreason = "well"', "steps[3].reason", "unknown key", None),
        ('"show_profile"', '"lift"\ntutor = "tom"\neffect = "hiden"', "steps[3].effect", "expected one of", "hidden"),
        (
            '"show_profile"',
            '"reset_counter"\ntutor = "tom"\ncounter = "missed_requests"',
            "steps[3].counter",
            "is 'missed_requests'; expected one of",
            "missed_request",
        ),
        ('"apply_for_withdrawal"', '"apply_for_withdrawal"\namount = "1.0"', "steps[4].amount", "unknown key", None),
        ('amount = "30.0"', "amount = 30.5", "steps[5].amount", "an amount in quotes", '"30.5"'),
        ('amount = "30.0"', 'amount = "0"', "steps[5].amount", "more than nothing", None),
        ('amount = "30.0"', 'amount = "-5"', "steps[5].amount", "more than nothing", None),
        ('amount = "30.0"', f'amount = "{10**40}"', "steps[5].amount", "a plain decimal", None),
        ('amount = "30.0"', f'amount = "{10**15}"', "steps[5].amount", "more than nothing, up to", None),
        ('amount = "30.0"', 'amount = "30.05"', "steps[5].amount", "at most 1", None),
        ('amount = "30.0"', 'amount = "30 USD"', "steps[5].amount", "an amount in ITC", None),
        ('amount = "30.0"\n', "", "steps[5].amount", "is missing", None),
        ('"withdrawal_paid"\nwithdrawal = "march"', '"withdrawal_paid"\nwithdrawal = "marsh"', "steps[6].withdrawal",
         "no earlier step has named", "march"),
        ('"withdrawal_paid"\nwithdrawal = "march"', '"withdrawal_paid"\nwithdrawal = ""', "steps[6].withdrawal",
         "no earlier step has named", None),
        ('"withdrawal_paid"\nwithdrawal = "march"', '"withdrawal_paid"', "steps[6].withdrawal", "is missing", None),
        ('"withdrawal_paid"\n', '"withdrawal_paid"\nreason = "x"\n', "steps[6].reason", "unknown key", None),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(
    old: str, new: str, path: str, message: str, suggestion: str | None, play: Any, tmp_path: Path
) -> None:
    """One mistake gives one message, and no database is made."""
    steps = MISSED_TWICE + DISMISSED + SHOWN + APPLIED + WITHDRAWN + PAID
    assert steps.count(old) == 1
    db = tmp_path / "kept.db"

    document = play(steps.replace(old, new), "--db", db)

    (mistake,) = document["mistakes"]
    assert (mistake["path"], mistake["suggestion"]) == (path, suggestion)
    assert message in mistake["message"]
    assert not db.exists()


def test_of_an_unknown_policy_no_counter_is_known(run: Any, play: Any, tmp_path: Path) -> None:
    """What depends on the policy is left until it can be read; what does not is told beside it."""
    document = play(_handled("2018-02-09T09:00:00Z", "reset_counter", 'counter = "what"', "case = 7").replace(HEAD, ""))
    (tmp_path / "mine.toml").write_text('extends = "italky"\n')
    without = run("play", tmp_path / "scenario.toml", "--json").document

    assert [mistake["path"] for mistake in document["mistakes"]] == ["steps[0].counter", "steps[0].case"]
    assert [mistake["path"] for mistake in without["mistakes"]] == ["extends", "steps[0].case"]


def test_a_verb_of_the_marketplace_can_be_no_verb_of_a_policy(run: Any, write: Write, tmp_path: Path) -> None:
    """A process of one's own whose verb has that meaning here cannot be played, and is told so."""
    text = Path(__file__).resolve().parents[2].joinpath("examples/policies/own_process.toml").read_text("utf-8")
    (tmp_path / "mine.toml").write_text(text.replace(".on.turn_down]", ".on.lift]"))

    done = run("play", write(HEAD), "--json")

    assert ("policy", "has a verb 'lift', which has another meaning in scenarios") in [
        (mistake["path"], mistake["message"]) for mistake in done.document["mistakes"]
    ]
