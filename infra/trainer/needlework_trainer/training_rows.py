"""Examples as the model is trained on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import torch

from .data import Prompt
from .errors import PromptTooLong
from .loss import IGNORED
from .tokens import ModelTokenizer


@dataclass(frozen=True)
class TrainingRow:
    """One example: tokens, and the same tokens where they carry loss, else -100."""

    input_ids: list[int]
    labels: list[int]


def training_row(prompt: Prompt, tokenizer: ModelTokenizer, loss: str, max_tokens: int) -> TrainingRow:
    """`prompt + " " + answer + end-of-sequence`. Raises `PromptTooLong` if prompt and answer exceed `max_tokens`."""
    answer = tokenizer.encode_answer(prompt.example.prompt, prompt.ids, prompt.example.answer)
    length = len(prompt.ids) + len(answer)
    if length > max_tokens:
        raise PromptTooLong(f"maxTokens: example {prompt.example.id!r} has {length} tokens (prompt and answer); allowed: at most {max_tokens}", field="maxTokens")
    ids = [*prompt.ids, *answer, tokenizer.eos_id]
    labels = list(ids) if loss == "sequence" else [IGNORED] * len(prompt.ids) + ids[len(prompt.ids) :]
    return TrainingRow(ids, labels)


def collate(rows: list[dict[str, list[int]]], pad_id: int) -> dict[str, torch.Tensor]:
    """Pad rows on the right. Without padding there is no attention mask, so the causal fast path is taken."""
    longest = max(len(row["input_ids"]) for row in rows)
    ids = torch.full((len(rows), longest), pad_id)
    labels = torch.full((len(rows), longest), IGNORED)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for i, row in enumerate(rows):
        n = len(row["input_ids"])
        ids[i, :n], labels[i, :n], mask[i, :n] = torch.tensor(row["input_ids"]), torch.tensor(row["labels"]), 1
    batch = {"input_ids": ids, "labels": labels}
    return batch if mask.all() else {**batch, "attention_mask": mask}


def digest(rows: Iterable[TrainingRow]) -> str:
    """SHA-256 over tokens and labels, in order."""
    found = hashlib.sha256()
    for row in rows:
        found.update(f"{row.input_ids}{row.labels}".encode())
    return found.hexdigest()
