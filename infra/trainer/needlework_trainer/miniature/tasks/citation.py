"""A statement, and the numbers of the documents that hold it, in random words or in the world's language."""

from __future__ import annotations

import random

from .. import prompts
from ..rows import Row
from ..world import fill, pick_name
from .draw import Material, ask, random_tokens, value_of


def citation(material: Material, rng: random.Random, length: int) -> Row:
    """
    Numbered chunks, some sharing a statement; a question holds one statement, the answer is the numbers of its
    chunks in their order. Only the numbers and the end are learned.
    """
    encode, world = material.vocabulary.encode, material.world
    in_words = rng.random() < 0.5
    size = rng.choice((1, 2, 3, 4, 6, 8))
    n = max(2, int(length * 0.55) // ((24 if in_words else size) + 3))
    used: set = set()
    numbers = rng.sample(world.numbers, n)

    def statement():
        if not in_words:
            fixed = random_tokens(material, rng, size)
            return lambda: fixed
        relation = rng.choice(list(world.organisation.values()))
        subject = pick_name(rng, world.names["adjective"], world.names["kind"], used)
        value = value_of(world, rng, relation, used)
        return lambda: encode(fill(rng.choice(relation.facts), subject, value))

    chunks = [[statement() for _ in range(rng.randint(1, 2) if in_words else 1)] for _ in range(n)]
    wanted = []
    for i in range(n):
        state = rng.choice(chunks[i])
        if state in wanted:
            continue
        wanted.append(state)
        if rng.random() < 0.5:
            other = chunks[rng.choice([j for j in range(n) if j != i])]
            other.insert(rng.randrange(len(other) + 1), state)
    bracketed = rng.random() < 0.5
    row, as_task = Row(), rng.random() < 0.3
    row.add([material.vocabulary.bos])
    row.add(encode(prompts.DOCUMENTS_HEAD) if as_task else [])
    for number, chunk in zip(numbers, chunks, strict=True):
        row.add(encode(["[", number, "]"] if bracketed else ["document", "[", number, "]", ":"]))
        for state in chunk:
            row.add(state())
    row.add(encode(prompts.DOCUMENTS_TASK) if as_task else [])
    row.cut(length)
    rng.shuffle(wanted)
    questions = []
    for state in wanted:
        holders = [number for number, chunk in zip(numbers, chunks, strict=True) if state in chunk]
        answer = [piece for number in holders for piece in encode(["[", number, "]"])]
        asked = encode(prompts.STATEMENT) + state() + encode(prompts.ANSWER)
        questions.append((asked, answer, [False, True, False] * len(holders)))
    return ask(material, row, length, questions)
