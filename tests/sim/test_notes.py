from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from tutorcore import Process, load_preset
from tutorcore.sim import Act, Deed, Exponential, Fixed, Standings, Study, Turn, load_study
from tutorcore.sim.notes import notes_on

_STUDY = Path(__file__).resolve().parents[2] / "examples" / "studies" / "answer_times.toml"


@pytest.fixture
def study() -> Study:
    """A study in which tutors accept, and nothing else happens."""
    found = load_study(_STUDY).study
    accepting = Turn("tutor", Fixed(3600), ((Deed("accept"), 1.0),), ("requested",))
    return attrs.evolve(found, turns=(accepting,), acts=(), standings=Standings(Exponential(60), lifts=Exponential(60)))


@pytest.fixture
def italki() -> Process:
    """The policy that counts lapses."""
    return load_preset("italki")


def test_nothing_is_noted_of_a_study_that_comes_to_something(study: Study, italki: Process) -> None:
    """Verbs that are there and open, and profiles that are shown again."""
    assert notes_on(study, italki) == ()


def test_an_act_that_a_policy_has_no_verb_for_is_noted(study: Study, italki: Process) -> None:
    """Under Verbling nobody can report a problem, so tutors who do not come look better there."""
    study = attrs.evolve(study, acts=(Act("complains", "student", Deed("report", remedy="refund"), 0.1),))

    assert notes_on(study, load_preset("verbling")) == (
        "act 'complains' is never done: this policy has no verb 'report'",
    )
    assert notes_on(study, italki) == ()


def test_a_verb_that_is_drawn_where_it_is_never_open_is_noted(study: Study, italki: Process) -> None:
    """A turn without states holds wherever the role has the turn, and only where no turn before it does."""
    confirming = Turn("student", Fixed(0), ((Deed("confirm"), 1.0),), ("delivered",))
    anywhere = Turn("student", Fixed(0), ((Deed("accept"), 0.5), (Deed("pay"), 0.5)))

    assert notes_on(attrs.evolve(study, turns=(confirming, anywhere)), italki) == (
        "the student's 'pay' is silence: this policy has no such verb",
    )
    assert notes_on(attrs.evolve(study, turns=(anywhere, confirming)), italki) == (
        "the student's 'accept' is drawn where it is never open to them, and refused: delivered",
        "the student's 'pay' is silence: this policy has no such verb",
    )


def test_what_is_taken_away_for_good_is_noted(study: Study, italki: Process) -> None:
    """Where ladders hide and lock, and nobody ever shows or lifts; a policy without ladders has nothing to note."""
    study = attrs.evolve(study, standings=Standings())

    assert notes_on(study, italki) == (
        "tutors whose profile is hidden never show it again (missed_attendance, missed_request): "
        "[standing] has no `shows`",
        "what only the platform lifts is never lifted (missed_request): [standing] has no `lifts`",
    )
    assert notes_on(study, load_preset("educai")) == ()
