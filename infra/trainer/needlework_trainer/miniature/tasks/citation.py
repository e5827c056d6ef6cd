"""
A statement, and the numbers of the chunks that hold it. Beside its own use this is what teaches to match by content from
afar, on which looking up a fact by its subject rests.
"""

from __future__ import annotations

import random

from .. import prompts
from ..rows import Row
from ..world import fill, pick_name
from .draw import Material, ask, random_tokens, value_of


def citation(material: Material, rng: random.Random, length: int) -> Row:
    """
    Numbered chunks of random words or of the world's statements, some sharing a part; a question holds a part, the answer
    is the numbers of its chunks in their order. In some rows a chunk also says its number inside, "( n )", to be known.
    """
    return _statements(material, rng, length) if rng.random() < 0.4 else _random_words(material, rng, length)


def _random_words(material: Material, rng: random.Random, length: int) -> Row:
    size = rng.choice((1, 2, 3, 4, 6, 8, 12))
    n = max(2, int(length * 0.6) // (size + 3))
    chunks = [random_tokens(material, rng, size) for _ in range(n)]
    asked = []
    for i in range(n):
        chunk = chunks[i]
        k = rng.randint(min(2, len(chunk)), min(5, len(chunk)))
        at = rng.randrange(len(chunk) - k + 1)
        part = chunk[at : at + k]
        if rng.random() < 0.55:
            other = rng.choice([j for j in range(n) if j != i])
            at = rng.randrange(len(chunks[other]) + 1)
            chunks[other] = chunks[other][:at] + part + chunks[other][at:]
        asked.append(part)
    holders = [[j for j in range(n) if _holds(chunks[j], part)] for part in asked]
    return _row(material, rng, length, chunks, list(zip(asked, holders, strict=True)), as_task=False)


def _statements(material: Material, rng: random.Random, length: int) -> Row:
    encode, world = material.vocabulary.encode, material.world
    used: set = set()

    def statement():
        relation = rng.choice(list(world.organisation.values()))
        subject = pick_name(rng, world.names["adjective"], world.names["kind"], used)
        value = value_of(world, rng, relation, used)
        return lambda: encode(fill(rng.choice(relation.facts), subject, value))

    n = max(2, int(length * 0.6) // (rng.choice((1, 2, 3, 4, 6, 8, 12)) + 3) // 2)
    parts = [[statement() for _ in range(rng.randint(1, 2))] for _ in range(n)]
    asked = []
    for i in range(n):
        state = rng.choice(parts[i])
        if state not in asked:
            if rng.random() < 0.55:
                other = parts[rng.choice([j for j in range(n) if j != i])]
                other.insert(rng.randrange(len(other) + 1), state)
            asked.append(state)
    questions = [(state(), [j for j in range(n) if state in parts[j]]) for state in asked]
    chunks = [[token for state in chunk for token in state()] for chunk in parts]
    return _row(material, rng, length, chunks, questions, as_task=rng.random() < 0.4)


def _row(
    material: Material,
    rng: random.Random,
    length: int,
    chunks: list[list[int]],
    questions: list[tuple[list[int], list[int]]],
    as_task: bool,
) -> Row:
    encode, numbers = material.vocabulary.encode, rng.sample(material.world.numbers, len(chunks))
    bracketed, learn_all = rng.random() < 0.5, rng.random() < 0.15
    echo = 0.5 if rng.random() < 0.4 else 0.0
    row = Row()
    row.add([material.vocabulary.bos])
    row.add(encode(prompts.DOCUMENTS_HEAD) if as_task else [])
    for number, chunk in zip(numbers, chunks, strict=True):
        row.add(encode(["[", number, "]"] if bracketed else ["document", "[", number, "]", ":"]))
        at = rng.randrange(1, len(chunk) + 1) if rng.random() < echo else len(chunk)
        row.add(chunk[:at])
        if at < len(chunk):
            row.add(encode(["(", number, ")"]), [False, True, False])
            row.add(chunk[at:])
    row.add(encode(prompts.DOCUMENTS_TASK) if as_task else [])
    row.cut(length)
    before = encode(rng.choice((["?"], prompts.STATEMENT)))
    after = encode(rng.choice((prompts.ANSWER, [])))
    rng.shuffle(questions)
    asks = []
    for part, holders in questions:
        answer = [piece for j in holders for piece in encode(["[", numbers[j], "]"])]
        asks.append((before + part + after, answer, [learn_all, True, learn_all] * len(holders)))
    return ask(material, row, length, asks, learn_end=learn_all)


def _holds(chunk: list[int], part: list[int]) -> bool:
    return any(chunk[i : i + len(part)] == part for i in range(len(chunk) - len(part) + 1))
