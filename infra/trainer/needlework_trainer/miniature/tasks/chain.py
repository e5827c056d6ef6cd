"""Chains of random words: a leads to b, b to c, c to d."""

from __future__ import annotations

import random

from ..rows import Row
from .draw import Material, ask, distinct, random_tokens

STEPS = 3


def chain(material: Material, rng: random.Random, length: int) -> Row:
    """Questions ask one to three steps, one colon for each ("? a :", "? a : :")."""
    encode = material.vocabulary.encode
    mark, colon, stop = encode(["?"]), encode([":"]), encode(["."])
    n = max(1, int(length * rng.uniform(0.3, 0.5)) // (4 * STEPS))
    words = distinct((STEPS + 1) * n, lambda: random_tokens(material, rng, 1))
    records, questions = [], []
    for i in range(n):
        links = words[(STEPS + 1) * i : (STEPS + 1) * (i + 1)]
        records += [a + colon + b + stop for a, b in zip(links, links[1:], strict=False)]
        questions += [(mark + links[a] + colon * (b - a), links[b], True) for a in range(STEPS) for b in range(a + 1, STEPS + 1)]
    rng.shuffle(records)
    rng.shuffle(questions)
    row = Row()
    row.add([material.vocabulary.bos])
    for record in records:
        row.add(record)
    return ask(material, row, length, questions)
