"""`tutorcore policy list | show`: the policies in the box, and what a policy file becomes."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tutorcore.adapters.files import find_policy, policy_text
from tutorcore.cli.answer import Answer, Document, as_json
from tutorcore.policy.codec import content_hash
from tutorcore.policy.explicit import dump_process
from tutorcore.policy.presets import preset_names
from tutorcore.policy.process import Process

_HERE = Path()


def list_policies(*, json: bool) -> Answer:
    """Return the names of the policies in the box, with what identifies each."""
    found = [_described(name, find_policy(name, _HERE)) for name in preset_names()]
    if json:
        return Answer(as_json({"policies": found}))
    wide = max(len(str(each["name"])) for each in found)
    return Answer("".join(f"{each['name']:{wide}}  {each['currency']:4}  {each['hash']}\n" for each in found))


def show_policy(policy: str, *, compiled: bool, json: bool) -> Answer:
    """Return a policy as its author wrote it, or the table that it becomes; raise what is wrong with it."""
    process = find_policy(policy, _HERE)
    text = dump_process(process) if compiled else policy_text(policy, _HERE)[0].decode()
    if not json:
        return Answer(text if text.endswith("\n") else f"{text}\n")
    parts: dict[str, object] = {"text": text}
    if compiled:
        parts["table"] = tomllib.loads(text)
    return Answer(as_json({**_described(policy, process), "compiled": compiled, **parts}))


def _described(policy: str, process: Process) -> Document:
    return {
        "policy": policy,
        "name": process.name,
        "id": process.id,
        "version": process.version,
        "currency": process.unit.code,
        "hash": content_hash(process),
    }
