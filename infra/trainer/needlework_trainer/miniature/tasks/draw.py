"""Where rows get their material from, and the draws that several tasks share."""

from __future__ import annotations

import random
from dataclasses import dataclass

from ..rows import Row
from ..vocabulary import CHARACTERS, Vocabulary
from ..world import Relation, World, Words, pick_name


@dataclass(frozen=True)
class Material:
    """The world, its vocabulary, and the token ids that random words are drawn from (few at first)."""

    world: World
    vocabulary: Vocabulary
    random_words: tuple[int, ...]


def random_tokens(material: Material, rng: random.Random, n: int) -> list[int]:
    """`n` random words; each its own token, without any meaning."""
    return [material.random_words[rng.randrange(len(material.random_words))] for _ in range(n)]


def symbol(rng: random.Random, length: int = 4) -> str:
    """A random symbol that starts with a letter, as the symbolic conditions use them."""
    return rng.choice(CHARACTERS[:26]) + "".join(rng.choice(CHARACTERS) for _ in range(length - 1))


def distinct(n: int, make) -> list:
    """`n` different values of `make()`, in the order they came."""
    found: dict = {}
    while len(found) < n:
        value = make()
        found.setdefault(tuple(value) if isinstance(value, list) else value, value)
    return list(found.values())


def value_of(world: World, rng: random.Random, relation: Relation, used: set) -> Words:
    """A value of the kind that the relation asks for."""
    names = world.names
    if relation.value == "person":
        return pick_name(rng, names["first"], names["last"], used)
    if relation.value == "organisation":
        return pick_name(rng, names["adjective"], names["kind"], used)
    return [rng.choice(world.years if relation.value == "year" else names[relation.value])]


def without_articles(wording: str) -> str:
    """A plain wording for symbols: "the {x}" would be said of a name only."""
    return wording.replace("the {x}", "{x}").replace("the {y}", "{y}")


#: A question: its tokens, its answer, and which of the answer's tokens to learn.
Question = tuple[list[int], list[int], list[bool] | bool]


def ask(material: Material, row: Row, length: int, questions: list[Question], learn_end: bool = True) -> Row:
    """Appends questions while they fit, each answer closed by `<eos>`, which is learned too if `learn_end`."""
    eos = material.vocabulary.eos
    for prompt, answer, learn in questions:
        if len(row) + len(prompt) + len(answer) + 1 > length:
            break
        row.add(prompt)
        row.add(answer, learn)
        row.add([eos], learn_end)
    return row
