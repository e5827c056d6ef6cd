"""Keys and values of random words or symbols, and questions for the values."""

from __future__ import annotations

import random

from .. import prompts
from ..rows import Row
from .draw import Material, ask, distinct, random_tokens, symbol

SEPARATORS = ([":"], ["is"], ["="], [], ['"', ":", '"'])
ENDS = (["."], [","], [";"])


def key_value(material: Material, rng: random.Random, length: int) -> Row:
    """A list of keys with values, then questions; one row in seven looks as the paper's symbolic data does."""
    return _json(material, rng, length) if rng.random() < 0.15 else _list(material, rng, length)


def _symbol(material: Material, rng: random.Random) -> list[int]:
    return material.vocabulary.pieces(symbol(rng))


def _json(material: Material, rng: random.Random, length: int) -> Row:
    encode = material.vocabulary.encode
    quote, colon, comma = encode(['"']), encode(['"', ":", '"']), encode(['"', ","])
    n = max(2, int(length * rng.uniform(0.25, 0.5)) // 13)
    keys = distinct(n, lambda: _symbol(material, rng))
    values = [_symbol(material, rng) for _ in keys]
    row, as_task = Row(), rng.random() < 0.6
    row.add([material.vocabulary.bos])
    row.add(encode((prompts.PASSAGES_HEAD if as_task else []) + ["{"]))
    for key, value in zip(keys, values, strict=True):
        row.add(quote + key + colon + value + comma)
    row.add(encode(["}"] + (prompts.PASSAGES_TASK if as_task else [])))
    row.cut(length)
    before, after = encode(prompts.QUESTION + 'what is the value of key "'.split()), encode(['"', "?"] + prompts.ANSWER)
    order = rng.sample(range(n), n)
    return ask(material, row, length, [(before + keys[i] + after, values[i], True) for i in order])


def _list(material: Material, rng: random.Random, length: int) -> Row:
    encode = material.vocabulary.encode
    key_length, value_length = rng.randint(1, 3), rng.randint(1, 3)
    symbol_keys, symbol_values = rng.random() < 0.35, rng.random() < 0.35
    separator, end = encode(rng.choice(SEPARATORS)), encode(rng.choice(ENDS))

    def draw(symbols: bool, n: int) -> list[int]:
        return _symbol(material, rng) if symbols else random_tokens(material, rng, n)

    size = (4 if symbol_keys else key_length) + (4 if symbol_values else value_length) + len(separator) + 1
    n = max(2, int(length * rng.uniform(0.45, 0.7)) // size)
    keys = distinct(n, lambda: draw(symbol_keys, key_length))
    values = [draw(symbol_values, value_length) for _ in keys]
    row = Row()
    row.add([material.vocabulary.bos])
    for key, value in zip(keys, values, strict=True):
        row.add(key + separator + value + end)
    before = encode(rng.choice((["?"], prompts.QUESTION, ["what", "is"])))
    after = separator if rng.random() < 0.6 else encode(rng.choice((["?"] + prompts.ANSWER, prompts.ANSWER)))
    order = rng.sample(range(n), n)
    return ask(material, row, length, [(before + keys[i] + after, values[i], True) for i in order])
