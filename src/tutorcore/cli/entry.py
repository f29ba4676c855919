"""The command `tutorcore`: what can be typed, and how it ends.

Ends with 0 if all is fine, with 1 if something was refused or found, and with 2 if the command cannot be understood or
a file is not what it should be. A reader of the output who goes away early (`| head`) is no mistake.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tutorcore.cli.answer import Answer, complaint
from tutorcore.errors import InvalidValue, InvariantError, TutorcoreError

_INTERRUPTED = 130  # What shells report for a program that was stopped by Ctrl-C.


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say and return the exit code."""
    try:
        options = _parser().parse_args(argv)
        answer = _answered(options)
    except SystemExit as done:  # How argparse ends, having printed help or what is wrong with the arguments.
        answer = Answer("", done.code if isinstance(done.code, int) else 0)
    except KeyboardInterrupt:
        answer = Answer("", _INTERRUPTED)
    _print(answer)
    return answer.code


def _answered(options: argparse.Namespace) -> Answer:
    run: Callable[[argparse.Namespace], Answer] = options.run
    try:
        return run(options)
    except InvariantError:
        raise
    except TutorcoreError as error:
        return complaint(error, json=options.json)


def _print(answer: Answer) -> None:
    for stream, text in ((sys.stdout, answer.text), (sys.stderr, answer.complaint)):
        try:
            stream.write(text.encode(stream.encoding or "utf-8", "backslashreplace").decode(stream.encoding or "utf-8"))
            stream.flush()
        except BrokenPipeError:
            _discard(stream)


def _discard(stream: io.TextIOBase | Any) -> None:
    """Let what is still buffered go nowhere, so that Python does not complain about the pipe when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tutorcore",
        description="Runs lessons by a marketplace's policy.",
        epilog="Ends with 0 if all is fine, 1 if something was refused or found, 2 if a command or file is wrong.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the versions of tutorcore and tzdata")
    verbs = parser.add_subparsers(metavar="COMMAND", required=True)

    play = _verb(verbs, "play", _play, "run a scenario and print its timeline")
    play.add_argument("file", metavar="FILE", help="a scenario, as docs/reference/scenario.md describes it")
    play.add_argument("--db", metavar="FILE", help="keep the database here; repeating a run goes on where it stopped")
    play.add_argument("--messages", action="store_true", help="print what its people are written instead")
    _own_wording(play, "with --messages: ")

    simulate = _verb(verbs, "simulate", _simulate, "run a study and print what comes of each policy, with intervals")
    simulate.add_argument("file", metavar="STUDY", help="a study, as docs/reference/study.md describes it")
    simulate.add_argument("--seed", metavar="N", type=int, help="another seed than the study's")
    simulate.add_argument("--replications", metavar="N", type=int, help="so many instead of the study's")
    simulate.add_argument("--workers", metavar="N", type=int, help="processes; one for each processor if left out")
    simulate.add_argument("--rows", metavar="FILE", help="write a CSV line for every lesson under every policy here")

    _verb(verbs, "demo", _demo, "play the scenarios about italki that come with tutorcore")

    policies = verbs.add_parser("policy", help="look at policies").add_subparsers(metavar="COMMAND", required=True)
    _verb(policies, "list", _policy_list, "list the policies that come with tutorcore")
    show = _verb(policies, "show", _policy_show, "print a policy, or what is wrong with it")
    show.add_argument("policy", metavar="POLICY", help="the name of a policy in the box, or a policy file")
    show.add_argument("--compiled", action="store_true", help="print the table that the policy becomes")
    explain = _verb(policies, "explain", _policy_explain, "say a whole policy in plain sentences, with worked examples")
    explain.add_argument("policy", metavar="POLICY", help="the name of a policy in the box, or a policy file")
    explain.add_argument("--locale", default="en", metavar="LOCALE", help="the language, such as de or zh-CN")
    explain.add_argument("--format", choices=("text", "markdown"), default="text", help="what to print it as")
    explain.add_argument("--short", action="store_true", help="only the rules, without examples")
    _own_wording(explain)

    wording = _verb(verbs, "wording", _wording, "print a catalogue to begin your own wording with")
    wording.add_argument("locale", metavar="LOCALE", help="the language, such as en, de or pt-BR")
    wording.add_argument(
        "--containing",
        metavar="TEXT",
        action="append",
        help="only sentences in which it stands, in English or that language; may be repeated",
    )

    slots = _verb(verbs, "slots", _slots, "list when a lesson with a tutor can be booked, or say why it cannot")
    slots.add_argument("file", metavar="FILE", help="a schedule, as docs/reference/schedule.md describes it")
    slots.add_argument("--minutes", metavar="N", type=int, required=True, help="how long the lesson lasts")
    slots.add_argument("--from", metavar="WHEN", dest="since", help="an instant or a date; now if it is left out")
    slots.add_argument("--until", metavar="WHEN", help="an instant or a date, not included; a week if it is left out")
    slots.add_argument("--zone", help="whose clocks to show: a time zone; the tutor's if it is left out")
    slots.add_argument("--explain", metavar="INSTANT", help="say whether this start can be booked, and why not")
    slots.add_argument(
        "--week", metavar="DATE", nargs="?", const="", help="draw seven days from a date on, or from today"
    )
    slots.add_argument("--svg", metavar="FILE", help="draw the week into this file besides, as an image")
    slots.add_argument("--ics", metavar="FILE", action="append", help="a calendar of the tutor's; may be repeated")
    slots.add_argument(
        "--own", metavar="ADDRESS", help="the tutor's e-mail address in those: what it has declined takes no time"
    )
    slots.add_argument(
        "--for", metavar="FILE", dest="others", action="append", help="who else must be free: a schedule or a calendar"
    )
    slots.add_argument(
        "--unknown-zones",
        choices=("refuse", "widest"),
        default="refuse",
        help="what to do with a time zone in a calendar that nobody knows: refuse it, or take all that it may mean",
    )
    slots.add_argument(
        "--tentative", choices=("busy", "free"), default="busy", help="whether what is not certain stands in the way"
    )
    slots.add_argument("--now", metavar="INSTANT", help="what time to take it for; the machine's if it is left out")

    standing = _verb(verbs, "standing", _standing, "show what is reported of tutors, and what follows from it")
    standing.add_argument("tutor", metavar="TUTOR", nargs="?", help="show all of one tutor; all open reports without")
    _database(standing)
    standing.add_argument("--now", metavar="INSTANT", help="as of when; the machine's time if it is left out")

    drift = _verb(verbs, "drift", _drift, "list lessons that new rules of time zones have moved on somebody's clock")
    _database(drift)
    drift.add_argument("--now", metavar="INSTANT", help="as of when; the machine's time if it is left out")

    books = verbs.add_parser("ledger", help="look at the books").add_subparsers(metavar="COMMAND", required=True)
    statement = _verb(books, "statement", _statement, "list what happened to one account")
    statement.add_argument("account", metavar="ACCOUNT", help="such as Liabilities:Tutors:Tom:Available")
    statement.add_argument("--currency", metavar="CODE", required=True, help="in which currency, such as USD")
    _database(statement)
    statement.add_argument("--since", metavar="WHEN", help="an instant or a UTC date; from the beginning if left out")
    statement.add_argument("--until", metavar="WHEN", help="an instant or a UTC date, not included; all if left out")
    _database(_verb(books, "trial-balance", _trial_balance, "list every account that holds something"))
    return parser


def _database(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--db", metavar="FILE", required=True, help="the marketplace's database; it is only looked at")


def _own_wording(verb: argparse.ArgumentParser, when: str = "") -> None:
    verb.add_argument("--wording", metavar="FOLDER", help=f"{when}your own catalogues, asked before those in the box")


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], Answer],
    help: str,
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")
    parser.set_defaults(run=run)
    return parser


def _play(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.play import play, play_letters

    if options.messages:
        return play_letters(options.file, options.db, options.wording, json=options.json)
    if options.wording is not None:
        raise InvalidValue("--wording", options.wording, "--messages beside it; a timeline has no wording")
    return play(options.file, options.db, json=options.json)


def _simulate(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.simulate import Wanted, simulate_study

    names = ("file", "seed", "replications", "workers", "rows")
    return simulate_study(Wanted(**{name: getattr(options, name) for name in names}), json=options.json)


def _demo(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.demo import demo

    return demo(json=options.json)


def _policy_list(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.policy import list_policies

    return list_policies(json=options.json)


def _policy_show(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.policy import show_policy

    return show_policy(options.policy, compiled=options.compiled, json=options.json)


def _policy_explain(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.explain import Asked, explain_policy

    names = ("policy", "locale", "wording", "short", "format")
    return explain_policy(Asked(**{name: getattr(options, name) for name in names}), json=options.json)


def _wording(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.wording import wording

    return wording(options.locale, options.containing or (), json=options.json)


def _slots(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.agenda_view import Asked
    from tutorcore.cli.slots import slots
    from tutorcore.cli.week_drawing import pen_for

    names = (
        *("file", "minutes", "since", "until", "zone", "explain", "week", "svg"),
        *("unknown_zones", "own", "tentative", "now"),
    )
    asked = Asked(
        **{name: getattr(options, name) for name in names}, ics=options.ics or (), others=options.others or ()
    )
    return slots(asked, pen_for(sys.stdout, os.environ), json=options.json)


def _standing(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.standing import standing

    return standing(options.db, options.tutor, options.now, json=options.json)


def _drift(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.drift import drift

    return drift(options.db, options.now, json=options.json)


def _statement(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.ledger import statement

    return statement(options.account, options.currency, options.db, options.since, options.until, json=options.json)


def _trial_balance(options: argparse.Namespace) -> Answer:
    from tutorcore.cli.ledger import trial_balance

    return trial_balance(options.db, json=options.json)


class _Version(argparse.Action):
    """Prints the version, which takes looking up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        from tutorcore.calendar.zones.wall_time import tzdata_version

        print(f"tutorcore {version('tutorcore')}, time zones of tzdata {tzdata_version()}")
        parser.exit()
