"""What an explanation is made of: sections of items, each a rule in words with an example."""

from __future__ import annotations

import attrs


@attrs.frozen
class Item:
    """One rule: what it is called, the rule in whole sentences, and examples with real dates and amounts.

    `about` are the ids of what it explains: rows of the compiled table, or cells of the account rules.
    """

    title: str
    sentence: str
    examples: tuple[str, ...]
    about: tuple[str, ...]


@attrs.frozen
class Section:
    """Some rules that belong together, with what holds for all of them."""

    title: str
    text: str
    items: tuple[Item, ...]
