"""Rows of a source artifact as a retriever reads them (contract: `workflows/contracts/source.ts`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ConfigDict

from .data import lines, parse_line
from .errors import DataError
from .jobs import Contract, Text


class Question(Contract):
    """What every source row has; the rest of the row is not looked at."""

    model_config = ConfigDict(extra="ignore")

    id: Text
    question: Text


class Passage(Contract):
    """One line of a passage pool."""

    title: str
    text: Text

    @property
    def whole(self) -> str:
        """Title and text as Contriever's own scripts join them."""
        return f"{self.title} {self.text}"


def read_questions(paths: list[str]) -> list[Question]:
    """All rows of the files, in order. Raises `DataError` with file and line, or where there is none."""
    questions = [parse_line(Question, Path(path).name, number, line) for path in paths for number, line in lines(path)]
    if not questions:
        raise DataError("questionFiles: found no rows; allowed: at least one line with id and question", field="questionFiles")
    return questions


def read_passages(path: str, block: int) -> Iterator[list[Passage]]:
    """The pool, `block` passages at a time, so that it need not fit into memory. Raises `DataError` with file and line."""
    found: list[Passage] = []
    for number, line in lines(path):
        found.append(parse_line(Passage, Path(path).name, number, line))
        if len(found) == block:
            yield found
            found = []
    if found:
        yield found


def count_passages(path: str) -> int:
    """Passages of a pool. Raises `DataError` for a file that cannot be read."""
    return sum(1 for _ in lines(path))
