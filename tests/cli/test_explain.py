"""`tutorcore policy explain`: a policy in plain sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tutorcore.policy.codec import content_hash, load_preset
from tutorcore.text.explanation import explain, explain_shortly
from tutorcore.text.words import words_for


def test_a_policy_is_explained_in_english(run: Any) -> None:
    """As text for a terminal, unless something else is asked for."""
    assert run("policy", "explain", "cocorico") == (0, explain(load_preset("cocorico"), words_for("en")).text, "")


def test_a_policy_is_explained_in_a_language_as_markdown(run: Any) -> None:
    """The nearest language there is."""
    done = run("policy", "explain", "cocorico", "--locale", "de_AT", "--format", "markdown")

    assert done == (0, explain(load_preset("cocorico"), words_for("de")).markdown, "")


def test_a_short_explanation_has_no_examples(run: Any) -> None:
    """In every format."""
    short = explain_shortly(load_preset("cocorico"), words_for("fr"))

    asked = ("policy", "explain", "cocorico", "--short", "--locale", "fr")
    assert run(*asked) == (0, short.text, "")
    assert run(*asked, "--format", "markdown") == (0, short.markdown, "")
    document = run(*asked, "--json").document
    assert not any(item["examples"] for section in document["sections"] for item in section["items"])


def test_an_explanation_is_data_too(run: Any) -> None:
    """With the name and the hash of the policy, and the rows that each rule is about."""
    document = run("policy", "explain", "cocorico", "--json").document

    process = load_preset("cocorico")
    assert (document["policy"], document["name"], document["hash"]) == ("cocorico", process.name, content_hash(process))
    assert (document["locale"], document["direction"]) == ("en", "ltr")
    assert document["sections"][1]["items"][0]["about"] == ["requested.on.accept.0"]


def test_a_policy_file_is_explained(run: Any, examples: Path) -> None:
    """Whatever `policy show` takes."""
    done = run("policy", "explain", examples / "policies" / "italki_24h.toml")

    assert "24 hours after the turn began" in " ".join(done.out.split())


def test_what_names_no_language_is_a_mistake(run: Any) -> None:
    """Nothing is printed but what is wrong."""
    done = run("policy", "explain", "cocorico", "--locale", "???")

    assert (done.code, done.out) == (2, "")
    assert "locale" in done.err


def test_an_unknown_policy_is_a_mistake(run: Any) -> None:
    """As with every other command."""
    assert run("policy", "explain", "itaki").code == 2
