"""
Facts said again and again: after its first statement, a fact is asked for by each further one. The densest signal for
looking up by key, from which the tasks with questions at the end grow (with those alone, nothing formed in 2,000 steps).
"""

from __future__ import annotations

import random

from .. import prompts
from ..rows import Row
from ..world import Relation, Words, fill, pick_name
from .draw import Material, distinct, random_tokens, symbol, value_of
from .keyvalue import ENDS, SEPARATORS


def recall(material: Material, rng: random.Random, length: int) -> Row:
    """A pool of keys with values; "k : v ." is written in random order, and known values are to be said."""
    encode = material.vocabulary.encode
    symbol_keys, symbol_values = rng.random() < 0.25, rng.random() < 0.25
    key_length, value_length = rng.randint(1, 2), rng.randint(1, 2)

    def draw(symbols: bool, n: int) -> list[int]:
        return material.vocabulary.pieces(symbol(rng)) if symbols else random_tokens(material, rng, n)

    separator, end = encode(rng.choice(SEPARATORS)), encode(rng.choice(ENDS))
    keys = distinct(rng.randint(2, max(3, length // 16)), lambda: draw(symbol_keys, key_length))
    values = [draw(symbol_values, value_length) for _ in keys]
    row, seen = Row(), set()
    row.add([material.vocabulary.bos])
    while len(row) < length:
        i = rng.randrange(len(keys))
        row.add(keys[i] + separator)
        row.add(values[i], i in seen)
        row.add(end)
        seen.add(i)
    row.cut(length)
    return row


def restate(material: Material, rng: random.Random, length: int) -> Row:
    """A pool of the world's facts; each is stated again in other wordings, or asked for, and known values are to be said."""
    return _restate(material, rng, length, plain=False)


def restate_plain(material: Material, rng: random.Random, length: int) -> Row:
    """As `restate`, in the plain wordings alone."""
    return _restate(material, rng, length, plain=True)


def _restate(material: Material, rng: random.Random, length: int, plain: bool) -> Row:
    world, encode = material.world, material.vocabulary.encode
    symbols = rng.random() < 0.2
    used: set = set()
    pool: list[tuple[Relation, Words, Words]] = []
    subject: Words = []
    # Half of the rows hold one relation only, so that nothing but the subject tells the facts apart.
    only = rng.choice([(p, r) for p, rs in ((False, world.organisation), (True, world.person)) for r in rs.values()])
    one_relation = rng.random() < 0.5
    for _ in range(rng.randint(2, max(3, length // 20))):
        of_person = only[0] if one_relation else rng.random() < 0.25
        relations = world.person if of_person else world.organisation
        relation = only[1] if one_relation else rng.choice(list(relations.values()))
        again = subject and not of_person and rng.random() < 0.3
        if not again or any(known == subject and r is relation for r, known, _ in pool):
            names = world.names
            left, right = (names["first"], names["last"]) if of_person else (names["adjective"], names["kind"])
            fresh = [symbol(rng)] if symbols else pick_name(rng, left, right, used)
            subject = subject if of_person else fresh
        else:
            fresh = subject
        pool.append((relation, fresh, [symbol(rng)] if symbols else value_of(world, rng, relation, used)))
    row, seen = Row(), set()
    row.add([material.vocabulary.bos])
    while len(row) < length:
        i = rng.randrange(len(pool))
        relation, subject, value = pool[i]
        if i in seen and rng.random() < 0.5:
            asked = _bare(rng.choice(relation.plain.questions if plain else relation.questions), symbols)
            row.add(encode(prompts.QUESTION + fill(asked, subject) + prompts.ANSWER))
            row.add(encode(value) + [material.vocabulary.eos], True)
            continue
        wording = _bare(rng.choice(relation.plain.facts if plain else relation.facts), symbols)
        before, _, after = wording.partition("{y}")
        known = i in seen and "{x}" in before
        row.add(encode(fill(before, subject)))
        row.add(encode(value), known)
        row.add(encode(fill(after, subject, value)))
        seen.add(i)
    row.cut(length)
    return row


def _bare(wording: str, symbols: bool) -> str:
    return wording.replace("the {x}", "{x}") if symbols else wording
