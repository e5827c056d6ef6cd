"""Examples: the dataset's lines, checked one by one (contract: `workflows/contracts/dataset.ts`)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, ValidationError

from .errors import DataError
from .jobs import Contract, Count, Index, Text, explain
from .tokens import Encoded, ModelTokenizer


Line = TypeVar("Line", bound=Contract)

_CITATION = re.compile(r"(\[\d+\])+")


class Span(Contract):
    """Half-open range of Unicode code points in a prompt."""

    start: Index
    end: Count

    @property
    def range(self) -> tuple[int, int]:
        return self.start, self.end


class Example(Contract):
    """One prompt with what it should be answered."""

    id: Text
    # The paper's, or a task or condition that someone added: workflows/tasks.
    task: Text
    condition: Text
    split: Literal["train", "validation", "test"]
    prompt: Text
    answer: Text
    answers: Annotated[list[Text], Field(min_length=1)]
    question: Text
    needles: Annotated[list[Span], Field(min_length=1)]
    answer_spans: list[Span]
    prompt_tokens: Count

    @property
    def cites(self) -> bool:
        """Whether the answer is the numbers of documents ("[24][27]"), as in SummHay Citation."""
        if self.task in ("mdqa", "musique"):
            return False
        return self.task == "summhay" or all(_CITATION.fullmatch(answer) for answer in self.answers)


@dataclass(frozen=True)
class Prompt:
    """An example with its prompt as tokens of the model at hand."""

    example: Example
    encoded: Encoded

    @property
    def ids(self) -> list[int]:
        return self.encoded.ids


def read_prompts(path: str, tokenizer: ModelTokenizer, limit: int | None = None) -> list[Prompt]:
    """The first `limit` examples of a file (all where None), tokenised. Raises `DataError` with file and line."""
    prompts = []
    for number, line in lines(path):
        if limit is not None and len(prompts) == limit:
            break
        example = _parse(Path(path).name, number, line)
        encoded = tokenizer.encode_prompt(example.prompt)
        if len(encoded.ids) != example.prompt_tokens:
            raise _fault(path, number, "promptTokens", f"found {example.prompt_tokens}; allowed: {len(encoded.ids)}, the prompt's length in tokens of this model (was the dataset built for another one?)")
        prompts.append(Prompt(example, encoded))
    if not prompts:
        raise DataError(f"{Path(path).name}: found no examples; allowed: at least one line")
    return prompts


def read_texts(paths: list[str]) -> list[str]:
    """Corpus texts of JSONL files: every string under `text` or `question` or in `answers`, each once, in file order."""
    texts: dict[str, None] = {}
    for path in paths:
        for number, line in lines(path):
            try:
                row = json.loads(line)
            except ValueError as error:
                raise _fault(path, number, None, f"found a line that is not JSON ({error})")
            texts.update(dict.fromkeys(_texts(row)))
    if not texts:
        raise DataError("corpusFiles: found no text; allowed: lines with strings under text, question or answers", field="corpusFiles")
    return list(texts)


def read_jsonl(path: Path) -> list[dict[str, Any]]:
    """A file of this trainer's own making, one JSON object per line."""
    return [json.loads(line) for _, line in lines(str(path))]


def lines(path: str) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, with their numbers from 1."""
    try:
        with open(path, encoding="utf-8") as handle:
            for number, line in enumerate(handle, start=1):
                if line.strip():
                    yield number, line
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{Path(path).name}: found no readable UTF-8 file ({error})")


def parse_line(contract: type[Line], name: str, number: int, line: str) -> Line:
    """One line of a file, checked. Raises `DataError` with file, line and field."""
    try:
        return contract.model_validate_json(line)
    except ValidationError as error:
        field, message = explain(error, contract)
        raise DataError(f"{name}, line {number}: {message}", field=field)


def _parse(name: str, number: int, line: str) -> Example:
    example = parse_line(Example, name, number, line)
    length = len(example.prompt)
    if not example.answer.strip():
        raise _fault(name, number, "answer", f"found only white space ({example.answer!r}); allowed: an answer that can be written")
    for field, spans in (("needles", example.needles), ("answerSpans", example.answer_spans)):
        for i, span in enumerate(spans):
            if not span.start < span.end <= length:
                raise _fault(name, number, f"{field}.{i}", f"found [{span.start}, {span.end}); allowed: start < end <= {length}, the prompt's length in code points")
    return example


def _fault(path: str, number: int, field: str | None, message: str) -> DataError:
    where = f"{Path(path).name}, line {number}"
    return DataError(f"{where}: {field}: {message}" if field else f"{where}: {message}", field=field)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in ("text", "question") and isinstance(item, str):
                if item.strip():
                    yield item
            elif key == "answers" and isinstance(item, list):
                yield from (text for text in item if isinstance(text, str) and text.strip())
            else:
                yield from _texts(item)
