"""
A statement, and the numbers of the chunks that hold it. Beside its own use this is what teaches to match by content from
afar, on which looking up a fact by its subject rests.
"""

from __future__ import annotations

import random

from .. import prompts
from ..rows import Row
from ..world import Words, fill, pick_name
from .draw import Material, ask, random_tokens, value_of


SIZES = (1, 2, 3, 4, 6, 8, 12, 16)


def citation_words(material: Material, rng: random.Random, length: int) -> Row:
    """
    Numbered chunks of random words, some sharing a part; a question holds a part, the answer is the numbers of its chunks,
    ascending. Short rows have short chunks: the number must first learn to reach the words behind it.
    """
    size = rng.choice([size for size in SIZES if size <= max(2, length // 16)])
    n = max(2, int(length * rng.uniform(0.45, 0.65)) // (size + 3))
    chunks = [random_tokens(material, rng, size) for _ in range(n)]
    asked = []
    for i in range(n):
        chunk = chunks[i]
        k = rng.randint(min(2, len(chunk)), min(5, len(chunk)))
        at = rng.randrange(len(chunk) - k + 1)
        part = chunk[at : at + k]
        if rng.random() < 0.5:
            other = rng.choice([j for j in range(n) if j != i])
            at = rng.randrange(len(chunks[other]) + 1)
            chunks[other] = chunks[other][:at] + part + chunks[other][at:]
        asked.append(part)
    holders = [[j for j in range(n) if _holds(chunks[j], part)] for part in asked]
    # A part that another one was put into stands nowhere any more.
    questions = [(part, numbers) for part, numbers in zip(asked, holders, strict=True) if numbers]
    return _row(material, rng, length, chunks, questions, as_task=False)


def citation(material: Material, rng: random.Random, length: int) -> Row:
    """
    Numbered documents of statements about organisations, most of which stand in two documents, in wordings of their own; a
    question says one in any wording, the answer is the numbers of its documents, ascending. One row in five is asked as the
    paper does (B.2), where there is room.
    """
    encode, world = material.vocabulary.encode, material.world
    as_task = length >= 192 and rng.random() < 0.2
    used: set = set()
    room = int((length - (107 if as_task else 0)) * rng.uniform(0.5, 0.65))
    most = rng.randint(1, 3)
    documents: list[list[list[int]]] = []
    asked, taken = [], 0
    while taken < room or len(documents) < 2:
        wordings, subject, value = _statement(material, rng, used)
        holders = []
        for _ in range(1 if rng.random() < 0.25 else 2):
            open_ones = [i for i, document in enumerate(documents) if len(document) < most and i not in holders]
            if not open_ones or (not holders and rng.random() < 0.5):
                documents.append([])
                open_ones = [len(documents) - 1]
                taken += 5
            at = rng.choice(open_ones)
            said = encode(fill(rng.choice(wordings), subject, value))
            documents[at].insert(rng.randrange(len(documents[at]) + 1), said)
            holders.append(at)
            taken += len(said)
        asked.append((encode(fill(rng.choice(wordings), subject, value)), holders))
    order = rng.sample(range(len(documents)), len(documents))
    chunks = [[token for said in documents[i] for token in said] for i in order]
    questions = [(said, sorted(order.index(i) for i in holders)) for said, holders in asked]
    return _row(material, rng, length, chunks, questions, as_task)


def _statement(material: Material, rng: random.Random, used: set) -> tuple[tuple[str, ...], Words, Words]:
    """The wordings that a statement's documents and question may use, its subject and its value."""
    world = material.world
    relation = rng.choice(list(world.organisation.values()))
    subject = pick_name(rng, world.names["adjective"], world.names["kind"], used)
    return relation.facts, subject, value_of(world, rng, relation, used)


def _row(
    material: Material,
    rng: random.Random,
    length: int,
    chunks: list[list[int]],
    questions: list[tuple[list[int], list[int]]],
    as_task: bool,
) -> Row:
    """In some rows a chunk also says its number inside, "( n )", to be known: so the number comes to reach the words behind it."""
    encode, numbers = material.vocabulary.encode, rng.sample(material.world.numbers, len(chunks))
    bracketed, learn_all = not as_task and rng.random() < 0.3, rng.random() < 0.15
    echo = 0.5 if not as_task and rng.random() < 0.3 else 0.0
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
    rng.shuffle(questions)
    before, after = encode(prompts.STATEMENT), encode(prompts.ANSWER)
    if not as_task and rng.random() < 0.3:
        before, after = encode(["?"]), []
    asks = []
    for part, holders in questions:
        cited = sorted((numbers[j] for j in holders), key=int)
        answer = [piece for number in cited for piece in encode(["[", number, "]"])]
        asks.append((before + part + after, answer, [learn_all, True, learn_all] * len(holders)))
    return ask(material, row, length, asks, learn_end=learn_all)


def _holds(chunk: list[int], part: list[int]) -> bool:
    return any(chunk[i : i + len(part)] == part for i in range(len(chunk) - len(part) + 1))
