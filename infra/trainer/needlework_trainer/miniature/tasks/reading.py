"""Short documents of the mini-world and questions on them: the language of the tasks, at short context."""

from __future__ import annotations

import random

from .. import prompts
from ..rows import Row
from ..world import Relation, World, Words, fill, in_pretraining, pick_name
from .draw import Material, ask, symbol, value_of, without_articles

HEADS = ("none", "title", "numbered", "titled", "task", "task")
#: From which row length on the prompt's own sentences leave room beside them.
TASK_FROM = 128


def reading(material: Material, rng: random.Random, length: int) -> Row:
    """
    Documents of one to three facts each, in all wordings, then three and more questions. One row in eight names its
    subjects and values by symbols, in the plain wordings, as the low conditions do.
    """
    return _reading(material, rng, length, symbols=rng.random() < 0.12, plain=False)


def reading_plain(material: Material, rng: random.Random, length: int) -> Row:
    """As `reading`, in the plain wordings alone and with names in every row."""
    return _reading(material, rng, length, symbols=False, plain=True)


def _reading(material: Material, rng: random.Random, length: int, symbols: bool, plain: bool) -> Row:
    world, encode = material.world, material.vocabulary.encode
    head = rng.choice(HEADS if length >= TASK_FROM else HEADS[:-2])
    padding = rng.choice(("aside", "aside", "padding", "none"))
    used: set = set()
    subjects: list[Words] = []
    documents: list[list[int]] = []
    questions: list[tuple[list[int], list[int], bool]] = []
    strays: list[list[int]] = []
    total = 1 + (30 if head == "task" else 0)
    budget = length * rng.uniform(0.4, 0.65)
    first_number = rng.randrange(len(world.numbers) - 40)
    q_mark, a_mark = encode(prompts.QUESTION), encode(prompts.ANSWER)

    def question(words: Words, answer: Words) -> None:
        questions.append((q_mark + encode(words) + a_mark, encode(answer), True))

    while total < budget:
        of_person = rng.random() < 0.25
        if symbols:
            subject = [symbol(rng)]
        elif of_person:
            subject = pick_name(rng, world.names["first"], world.names["last"], used)
        else:
            subject = _organisation(world, rng, used, subjects)
        relations = world.person if of_person else world.organisation
        words = document_head(world, head, first_number + len(documents), subject)
        for i, relation in enumerate(rng.sample(list(relations.values()), rng.randint(1, 3))):
            value = [symbol(rng)] if symbols else value_of(world, rng, relation, used)
            fact = rng.choice(relation.plain.facts if symbols or plain else relation.facts)
            asked = rng.choice(relation.plain.questions if symbols or plain else relation.questions)
            if symbols:
                fact, asked = without_articles(fact), without_articles(asked)
            elif i and not of_person and rng.random() < 0.3:
                fact = fact.replace("the {x}", "it")
            words += fill(fact, subject, value)
            question(fill(asked, subject), value)
            if relation.value == "person" and not of_person and rng.random() < 0.08:
                next_fact, next_question = _second_step(world, rng, relation, subject, value, symbols, plain, used)
                strays.append(encode(next_fact))
                question(*next_question)
        if padding != "none" and rng.random() < 0.3:
            words += rng.choice(world.asides if padding == "aside" else world.padding).split()
        documents.append(encode(words))
        total += len(documents[-1])
    for stray in strays:
        documents.insert(rng.randrange(len(documents) + 1), stray)
    rng.shuffle(questions)
    row = Row()
    row.add([material.vocabulary.bos])
    row.add(encode(prompts.PASSAGES_HEAD) if head == "task" else [])
    for document in documents:
        row.add(document)
    row.add(encode(prompts.PASSAGES_TASK) if head == "task" else [])
    row.cut(length)
    # Ends are easy and would outweigh what has to be looked up.
    return ask(material, row, length, questions, learn_end=rng.random() < 0.2)


def _organisation(world: World, rng: random.Random, used: set, subjects: list[Words]) -> Words:
    """A new organisation; one in three shares a word with an earlier one, so that both words of a name count."""
    if subjects and rng.random() < 0.35:
        for _ in range(20):
            earlier = rng.choice(subjects)
            first = rng.random() < 0.5
            pair = (earlier[0], rng.choice(world.names["kind"])) if first else (rng.choice(world.names["adjective"]), earlier[1])
            if pair not in used and in_pretraining(*pair):
                used.add(pair)
                subjects.append(list(pair))
                return list(pair)
    subjects.append(pick_name(rng, world.names["adjective"], world.names["kind"], used))
    return list(subjects[-1])


def document_head(world: World, head: str, number: int, subject: Words) -> Words:
    """What stands before a document: its number, its title, both or nothing; `number` counts from 0 over all that the world has."""
    label = world.numbers[number % len(world.numbers)]
    if head == "title":
        return ["title", ":", *subject, "."]
    if head == "numbered":
        return ["document", "[", label, "]", ":"]
    if head in ("titled", "task"):
        return ["document", label, ":", "(", "title", ":", *subject, ")"]
    return []


def _second_step(
    world: World, rng: random.Random, relation: Relation, subject: Words, value: Words, symbols: bool, plain: bool, used: set
) -> tuple[Words, tuple[Words, Words]]:
    """A fact about the value, and the question that reaches it from the subject in two steps."""
    second = rng.choice(list(world.person.values()))
    end = [symbol(rng)] if symbols else value_of(world, rng, second, used)
    fact = rng.choice(second.plain.facts if symbols or plain else second.facts)
    article = [] if symbols else ["the"]
    asked = ["what", "is", "the", second.noun, "of", "the", relation.noun, "of", *article, *subject, "?"]
    return fill(fact, value, end), (asked, end)
