"""The authored mini-world (world.json): names, relations and wordings, checked once at the border."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from pathlib import Path

Words = list[str]

VALUE_KINDS = ("person", "organisation", "place", "year", "thing", "color", "job")
NAME_LISTS = ("first", "last", "place", "adjective", "kind", "thing", "color", "job")


@dataclass(frozen=True)
class Wordings:
    """Ways to state a relation and to ask for it. `{x}` is the subject, `{y}` the value."""

    facts: tuple[str, ...]
    questions: tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    """One property of an organisation or a person."""

    name: str
    noun: str
    value: str
    #: Ways to speak of the value without naming it, as "the founder of the {x}"; none where no question goes on from it.
    phrases: tuple[str, ...]
    plain: Wordings
    real: Wordings
    paraphrase: Wordings

    @property
    def facts(self) -> tuple[str, ...]:
        """Every wording of the fact, in all registers."""
        return self.plain.facts + self.real.facts + self.paraphrase.facts

    @property
    def questions(self) -> tuple[str, ...]:
        """Every wording of the question; paraphrases share the real ones."""
        return self.plain.questions + self.real.questions


@dataclass(frozen=True)
class World:
    """Everything the miniature's documents are made of."""

    names: dict[str, tuple[str, ...]]
    years: tuple[str, ...]
    numbers: tuple[str, ...]
    organisation: dict[str, Relation]
    person: dict[str, Relation]
    asides: tuple[str, ...]
    padding: tuple[str, ...]
    structure_words: tuple[str, ...]


def load_world(path: str | Path) -> World:
    """Reads and checks world.json. Raises ValueError naming the field that is wrong."""
    raw = json.loads(Path(path).read_text("utf-8"))
    names = {key: _strings(_field(raw, "names", key), f"names.{key}") for key in NAME_LISTS}
    years, numbers = _field(raw, "years"), _field(raw, "documentNumbers")
    return World(
        names=names,
        years=_range(years, "years"),
        numbers=_range(numbers, "documentNumbers"),
        organisation=_relations(raw, "organisation"),
        person=_relations(raw, "person"),
        asides=_strings(_field(raw, "asides"), "asides"),
        padding=_strings(_field(raw, "padding"), "padding"),
        structure_words=_strings(_field(raw, "structureWords"), "structureWords"),
    )


def without_unseen(world: World, facts: int, questions: int) -> World:
    """
    The world without the last `facts` and `questions` of every relation's real wordings: what a base does not read, so that tuning
    on real data has something to teach that other data teach less. Raises ValueError where nothing would be left.
    """

    def less(at: str, relation: Relation) -> Relation:
        real = relation.real
        for what, unseen, found in (("facts", facts, real.facts), ("questions", questions, real.questions)):
            if unseen >= len(found):
                raise ValueError(f"unseen.{what} is {unseen}, allowed: at most {len(found) - 1}, for {at}.{relation.name}")
        seen = Wordings(real.facts[: len(real.facts) - facts], real.questions[: len(real.questions) - questions])
        return replace(relation, real=seen)

    return replace(
        world,
        organisation={name: less("organisation", relation) for name, relation in world.organisation.items()},
        person={name: less("person", relation) for name, relation in world.person.items()},
    )


def in_pretraining(first: str, second: str) -> bool:
    """
    Whether a name made of these two words belongs to pretraining (6 of 10 do). The others are kept for the tasks,
    so that no person or organisation of a question was ever seen by the base model.
    """
    return name_bucket(first, second) < 6


def name_bucket(first: str, second: str) -> int:
    """Bucket 0..9 of a two-word name: 0–5 pretraining, 6–7 task training, 8–9 task test."""
    return (sum(map(ord, first)) * 7 + sum(map(ord, second)) * 13) % 10


def pick_name(rng: random.Random, left: tuple[str, ...], right: tuple[str, ...], used: set) -> Words:
    """A two-word pretraining name that is not in `used` yet; adds it there."""
    while True:
        pair = (rng.choice(left), rng.choice(right))
        if pair not in used and in_pretraining(*pair):
            used.add(pair)
            return list(pair)


def fill(wording: str, subject: Words, value: Words = ()) -> Words:
    """The words of a wording with subject and value put in."""
    words: Words = []
    for word in wording.split():
        words += subject if word == "{x}" else value if word == "{y}" else [word]
    return words


def _field(raw: dict, *keys: str):
    for depth, key in enumerate(keys):
        if not isinstance(raw, dict) or key not in raw:
            raise ValueError(f"world: field {'.'.join(keys[: depth + 1])} is missing")
        raw = raw[key]
    return raw


def _strings(value, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) and v for v in value):
        raise ValueError(f"world: {name} must be a non-empty list of non-empty strings, found {value!r:.80}")
    return tuple(value)


def _range(value, name: str) -> tuple[str, ...]:
    first, last = _field(value, "first"), _field(value, "last")
    if not (isinstance(first, int) and isinstance(last, int) and first <= last):
        raise ValueError(f"world: {name} must have whole numbers first <= last, found {value!r:.80}")
    return tuple(str(n) for n in range(first, last + 1))


def _relations(raw: dict, subject: str) -> dict[str, Relation]:
    return {name: _relation(name, subject, body) for name, body in _field(raw, "relations", subject).items()}


def _relation(name: str, subject: str, body: dict) -> Relation:
    at = f"relations.{subject}.{name}"
    if _field(body, "value") not in VALUE_KINDS:
        raise ValueError(f"world: {at}.value is {body['value']!r}, allowed: {', '.join(VALUE_KINDS)}")
    registers = {
        key: Wordings(
            facts=_strings(_field(body, key, "facts"), f"{at}.{key}.facts"),
            questions=_strings(_field(body, key, "questions"), f"{at}.{key}.questions"),
        )
        for key in ("plain", "real", "paraphrase")
    }
    for wordings in registers.values():
        for fact in wordings.facts:
            if "{x}" not in fact.split() or "{y}" not in fact.split():
                raise ValueError(f"world: {at}: the fact {fact!r} must hold {{x}} and {{y}} as separate words")
        for question in wordings.questions:
            if "{x}" not in question.split():
                raise ValueError(f"world: {at}: the question {question!r} must hold {{x}} as a separate word")
    return Relation(name=name, noun=_field(body, "noun"), value=body["value"], phrases=_phrases(body, subject, at), **registers)


def _phrases(body: dict, subject: str, at: str) -> tuple[str, ...]:
    """Questions go on from the people and organisations that organisations lead to."""
    if "phrases" not in body and not (subject == "organisation" and body["value"] in ("person", "organisation")):
        return ()
    phrases = _strings(_field(body, "phrases"), f"{at}.phrases")
    for phrase in phrases:
        if not phrase.endswith(" the {x}"):
            raise ValueError(f"world: {at}.phrases: {phrase!r} must end in ' the {{x}}'")
    return phrases
