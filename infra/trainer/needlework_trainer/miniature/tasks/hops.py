"""Chains of facts over several documents, and questions that follow them one, two or three steps far: MuSiQue at short context."""

from __future__ import annotations

import random

from .. import prompts
from ..rows import Row
from ..world import Relation, Words, fill, pick_name
from .draw import Material, ask, symbol, value_of, without_articles
from .reading import TASK_FROM, document_head

HEADS = ("none", "none", "title", "titled", "task")


def hops(material: Material, rng: random.Random, length: int) -> Row:
    """
    Organisation, organisation, person, value: each leads to the next in a document of its own, which may state another
    fact beside. Questions ask any stretch of a chain, mostly of two and three steps. One row in eight names all by symbols, in
    the plain wordings and in nouns alone, as the low conditions do.
    """
    encode, world = material.vocabulary.encode, material.world
    symbols = rng.random() < 0.12
    head = rng.choice(HEADS if length >= TASK_FROM else HEADS[:-1])
    used: set = set()
    first_number = rng.randrange(len(world.numbers) - 40)
    budget = length * rng.uniform(0.25, 0.45)
    documents: list[Words] = []
    questions = []
    total = 0
    while total < budget:
        relations = _relations(material, rng)
        links = _links(material, rng, relations, symbols, used)
        for at, relation in enumerate(relations):
            of_person = at == len(relations) - 1
            facts = [(relation, links[at + 1])]
            if rng.random() < 0.3:
                beside = rng.choice([r for r in (world.person if of_person else world.organisation).values() if r is not relation])
                facts.append((beside, [symbol(rng)] if symbols else value_of(world, rng, beside, used)))
                rng.shuffle(facts)
            document = _state(rng, links[at], facts, symbols, of_person)
            total += len(encode(document)) + len(encode(document_head(world, head, first_number, links[at])))
            documents.append((links[at], document))
        questions += _questions(rng, relations, links, symbols)
    rng.shuffle(documents)
    rng.shuffle(questions)
    row = Row()
    row.add([material.vocabulary.bos])
    row.add(encode(prompts.PASSAGES_HEAD) if head == "task" else [])
    for at, (subject, document) in enumerate(documents):
        row.add(encode(document_head(world, head, first_number + at, subject) + document))
    row.add(encode(prompts.PASSAGES_TASK) if head == "task" else [])
    row.cut(length)
    before, after = prompts.QUESTION, prompts.ANSWER
    asks = [(encode(before + asked + after), encode(answer), True) for asked, answer in questions]
    return ask(material, row, length, asks, learn_end=rng.random() < 0.2)


def _relations(material: Material, rng: random.Random) -> list[Relation]:
    organisation = material.world.organisation.values()
    return [
        rng.choice([r for r in organisation if r.value == "organisation"]),
        rng.choice([r for r in organisation if r.value == "person"]),
        rng.choice(list(material.world.person.values())),
    ]


def _links(material: Material, rng: random.Random, relations: list[Relation], symbols: bool, used: set) -> list[Words]:
    if symbols:
        return [[symbol(rng)] for _ in range(len(relations) + 1)]
    names = material.world.names
    start = pick_name(rng, names["adjective"], names["kind"], used)
    return [start, *(value_of(material.world, rng, relation, used) for relation in relations)]


def _state(rng: random.Random, subject: Words, facts: list[tuple[Relation, Words]], symbols: bool, of_person: bool) -> Words:
    words: Words = []
    for at, (relation, value) in enumerate(facts):
        fact = without_articles(rng.choice(relation.plain.facts)) if symbols else rng.choice(relation.facts)
        if at and not of_person and not symbols and rng.random() < 0.5:
            fact = fact.replace("the {x}", "it")
        words += fill(fact, subject, value)
    return words


def _questions(rng: random.Random, relations: list[Relation], links: list[Words], symbols: bool) -> list[tuple[Words, Words]]:
    """Every stretch of two and more steps, and one of a single step."""
    last = len(relations)
    single = rng.randrange(last)
    stretches = [(a, b) for a in range(last) for b in range(a + 2, last + 1)] + [(single, single + 1)]
    return [(_question(rng, relations[a:b], links[a], symbols), links[b]) for a, b in stretches]


def _question(rng: random.Random, relations: list[Relation], subject: Words, symbols: bool) -> Words:
    """In nouns all through ("what is the job of the founder of the …"), or by phrases of the links within a wording of the last step."""
    *links, last = relations
    if symbols or rng.random() < 1 / 3:
        nouns = [word for relation in reversed(relations) for word in ("the", relation.noun, "of")]
        return ["what", "is", *nouns, *([] if symbols else _article(subject, relations[0])), *subject, "?"]
    inner = " ".join(subject)
    for relation in links:
        inner = rng.choice(relation.phrases).replace("the {x}", inner if relation is not links[0] else f"the {inner}")
    asked = rng.choice(last.questions)
    return (asked.replace("the {x}", inner) if links else asked).replace("{x}", inner).split()


def _article(subject: Words, relation: Relation) -> Words:
    """Organisations have one, people do not."""
    return ["the"] if any("the {x}" in fact for fact in relation.plain.facts) else []
