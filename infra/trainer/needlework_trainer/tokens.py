"""Text to tokens and back: prompts, answers that follow them, spans, and which tokens count as the same.

Everything is encoded with the folder's `tokenizer.json` itself, the file the rest of the project counts
tokens with, so that both always agree.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from transformers import PreTrainedTokenizerFast

from .errors import ModelMissing

# What byte-level BPE, SentencePiece and plain vocabularies write for the space before a word.
_LEADING_SPACES = ("Ġ", "▁", " ")


@dataclass(frozen=True)
class Encoded:
    """A prompt as tokens: ids, and for each the half-open range of code points it stands for ((0, 0) for special tokens)."""

    ids: list[int]
    offsets: list[tuple[int, int]]


class ModelTokenizer:
    """The tokenizer of a model folder."""

    def __init__(self, tokenizer: Tokenizer, eos: str, pad: str | None, stop_ids: Sequence[int] = ()):
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.raw = tokenizer
        self.eos, self.pad = eos, pad or eos
        self.eos_id, self.pad_id = tokenizer.token_to_id(self.eos), tokenizer.token_to_id(self.pad)
        if self.eos_id is None or self.pad_id is None:
            raise ModelMissing(f"model.path: tokenizer.json lacks the special token {eos if self.eos_id is None else pad!r}", field="model.path")
        self.stop_ids = frozenset([self.eos_id, *stop_ids])
        if tokenizer.encode("a").ids[-1] in self.stop_ids:
            raise ModelMissing("model.path: tokenizer.json ends every prompt with the end-of-sequence token; allowed: one that does not", field="model.path")

    @classmethod
    def load(cls, folder: Path) -> ModelTokenizer:
        """Read tokenizer.json and the names of the special tokens. Raises `ModelMissing`."""
        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelMissing(f"model.path: tokenizer.json cannot be read: {error}", field="model.path")
        settings = _read_json(folder / "tokenizer_config.json")
        config = _read_json(folder / "config.json")
        generation = _read_json(folder / "generation_config.json")
        stop_ids = [i for source in (config, generation) for i in _as_list(source.get("eos_token_id"))]
        eos = _content(settings.get("eos_token"))
        if eos is None and stop_ids:
            eos = tokenizer.id_to_token(stop_ids[0])
        if eos is None:
            raise ModelMissing("model.path: neither tokenizer_config.json nor config.json names an end-of-sequence token", field="model.path")
        return cls(tokenizer, eos, _content(settings.get("pad_token")), stop_ids)

    def encode_prompt(self, text: str) -> Encoded:
        """A prompt with the tokenizer's own special tokens (such as BOS)."""
        encoding = self.raw.encode(text)
        return Encoded(encoding.ids, encoding.offsets)

    def encode_answer(self, prompt: str, prompt_ids: list[int], answer: str) -> list[int]:
        """Tokens of `" " + answer` as a continuation of the prompt's own tokens, without end-of-sequence.

        Where the prompt ends in white space (as chat templates do), no space comes between.
        At test time the model continues from exactly `prompt_ids`, so training must start there too. Encoding
        prompt and answer together gives the natural tokens of the answer; where a tokenizer would merge across
        the border, the answer is encoded by itself instead, in the form that reads back as the same text.
        """
        space = "" if prompt[-1:].isspace() else " "
        joined = self.raw.encode(f"{prompt}{space}{answer}").ids
        if joined[: len(prompt_ids)] == prompt_ids and len(joined) > len(prompt_ids):
            return joined[len(prompt_ids) :]
        wanted = self.raw.decode(joined)
        alone = [self.raw.encode(text, add_special_tokens=False).ids for text in (f"{space}{answer}", answer)]
        return next((ids for ids in alone if self.raw.decode(prompt_ids + ids) == wanted), alone[0])

    def decode_answer(self, ids: Sequence[int]) -> str:
        """Generated tokens as text, special tokens and surrounding white space removed."""
        return self.raw.decode(list(ids), skip_special_tokens=True).strip()

    def words(self, ids: Sequence[int]) -> np.ndarray:
        """int64 [tokens]: tokens as words, see `word_ids`. Ids that only the model has (padding of its vocabulary) stay."""
        found = np.array(ids, dtype=np.int64)
        known = found < len(self.word_ids)
        return np.where(known, self.word_ids[np.where(known, found, 0)], found)

    @cached_property
    def word_ids(self) -> np.ndarray:
        """int64 [vocabulary]: for each token the least id of the tokens that spell the same but for a leading space.

        "Paris" at the start of a quotation and " Paris" after "Answer:" are two entries of a BPE vocabulary, yet
        copying one as the other is retrieval. Special tokens and bare spaces equal only themselves.
        """
        vocabulary = self.raw.get_vocab(with_added_tokens=True)
        special = set(self.raw.get_added_tokens_decoder())
        size = max(vocabulary.values()) + 1
        least: dict[str, int] = {}
        spelled: dict[int, str] = {}
        for token, i in vocabulary.items():
            bare = token[1:] if token[:1] in _LEADING_SPACES else token
            if i in special or not bare:
                continue
            spelled[i] = bare
            least[bare] = min(i, least.get(bare, size))
        ids = np.arange(size, dtype=np.int64)
        for i, bare in spelled.items():
            ids[i] = least[bare]
        return ids

    @cached_property
    def fast(self) -> PreTrainedTokenizerFast:
        """The same tokenizer in the form that TRL expects."""
        return PreTrainedTokenizerFast(tokenizer_object=self.raw, eos_token=self.eos, pad_token=self.pad)


def tokens_in_span(text: str, offsets: Sequence[tuple[int, int]], span: tuple[int, int]) -> list[int]:
    """Positions of the tokens of a span: those that share at least one character with it that is not white space.

    The shared character must not be a space because BPE attaches the space before a word to the word: the token
    " Paris" belongs to the span "Paris", but not to a span that ends in the space before it. A token across a
    border of the span, or one of several tokens that spell one multi-byte character, belongs to it too.
    """
    start, end = span
    return [
        position
        for position, (a, b) in enumerate(offsets)
        if any(not text[i].isspace() for i in range(max(a, start), min(b, end)))
    ]


def occurrences(text: str, wanted: str) -> list[tuple[int, int]]:
    """Half-open ranges of every occurrence of `wanted` in `text` that is not part of a longer word or number."""
    found, start = [], text.find(wanted)
    while start != -1:
        end = start + len(wanted)
        left = start > 0 and text[start - 1].isalnum() and wanted[0].isalnum()
        right = end < len(text) and text[end].isalnum() and wanted[-1].isalnum()
        if not (left or right):
            found.append((start, end))
        start = text.find(wanted, start + 1)
    return found


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ModelMissing(f"model.path: {path.name} is not JSON: {error}", field="model.path")


def _content(token: str | dict | None) -> str | None:
    return token.get("content") if isinstance(token, dict) else token


def _as_list(value: int | list[int] | None) -> list[int]:
    return [] if value is None else value if isinstance(value, list) else [value]
