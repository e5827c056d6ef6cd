"""Two-step chains of random words: a leads to b, b leads to c."""

from __future__ import annotations

import random

from ..rows import Row
from .draw import Material, ask, distinct, random_tokens


def chain(material: Material, rng: random.Random, length: int) -> Row:
    """Half of the questions ask one step ("? a :"), half two ("? a : :")."""
    encode = material.vocabulary.encode
    mark, colon, stop = encode(["?"]), encode([":"]), encode(["."])
    n = max(2, int(length * rng.uniform(0.3, 0.5)) // 8)
    words = distinct(3 * n, lambda: random_tokens(material, rng, 1))
    records, questions = [], []
    for i in range(n):
        a, b, c = words[3 * i : 3 * i + 3]
        records += [a + colon + b + stop, b + colon + c + stop]
        questions += [(mark + a + colon, b, True), (mark + a + colon + colon, c, True)]
    rng.shuffle(records)
    rng.shuffle(questions)
    row = Row()
    row.add([material.vocabulary.bos])
    for record in records:
        row.add(record)
    return ask(material, row, length, questions)
