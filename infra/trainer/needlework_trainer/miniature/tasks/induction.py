"""Random words without meaning: the tasks on which previous-token and induction heads form."""

from __future__ import annotations

import random

from ..rows import Row
from .draw import Material, random_tokens


def previous(material: Material, rng: random.Random, length: int) -> Row:
    """
    Say the word before the present one; a row so marked by "list" at its start. It forms previous-token heads, the
    first half of an induction circuit, within some hundred steps.
    """
    row = Row()
    row.add([material.vocabulary.bos, material.vocabulary.ids["list"]] + random_tokens(material, rng, length - 2))
    row.targets[3:] = row.inputs[2:-1]
    return row


def pairs(material: Material, rng: random.Random, length: int) -> Row:
    """A few pairs of words, drawn again and again: after the first word of a known pair comes its second."""
    return _pool(material, rng, length, [random_tokens(material, rng, 2) for _ in range(rng.randint(2, 6))], 0.0)


def burst(material: Material, rng: random.Random, length: int) -> Row:
    """Chunks of 2 to 4 (from 64 tokens on up to 8) words from a pool of the row's own, in random order, now and then a stray word."""
    longest = 4 if length < 64 else 8
    size = rng.randint(2, max(3, length // 12))
    return _pool(material, rng, length, [random_tokens(material, rng, rng.randint(2, longest)) for _ in range(size)], 0.2)


def copy(material: Material, rng: random.Random, length: int) -> Row:
    """Random words with one long stretch that comes twice, at any distance; the second time it is to be said."""
    words = random_tokens(material, rng, length - 1)
    size = rng.randint(max(4, length // 8), (length - 1) // 2)
    first = rng.randint(0, length - 1 - 2 * size)
    second = rng.randint(first + size, length - 1 - size)
    words[second : second + size] = words[first : first + size]
    row = Row()
    row.add([material.vocabulary.bos])
    row.add(words, [second < i < second + size for i in range(length - 1)])
    return row


def _pool(material: Material, rng: random.Random, length: int, pool: list[list[int]], stray: float) -> Row:
    row, seen = Row(), set()
    row.add([material.vocabulary.bos])
    while len(row) < length:
        i = rng.randrange(len(pool))
        row.add(pool[i], [False] + [i in seen] * (len(pool[i]) - 1))
        seen.add(i)
        if rng.random() < stray:
            row.add(random_tokens(material, rng, 1))
    row.cut(length)
    return row
