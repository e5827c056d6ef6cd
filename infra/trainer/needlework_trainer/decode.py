"""Greedy decoding, one prompt at a time, exactly the same way in every kind of job."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache

from .attention_rows import Recording, record
from .data import Prompt
from .errors import NaNLogits
from .prefill import prefill
from .tokens import ModelTokenizer


@dataclass(frozen=True)
class Generation:
    """What a model wrote after a prompt, without the end-of-sequence token.

    `attended` is int32 [tokens, layers, heads], the position each head attended most while the token was
    predicted, where it was asked for. Positions beyond the prompt are tokens of the answer itself.
    """

    token_ids: list[int]
    stopped_by: str
    attended: torch.Tensor | None = None


@torch.inference_mode()
def greedy(
    model: torch.nn.Module,
    prompt_ids: Sequence[int],
    stop_ids: Collection[int],
    max_new_tokens: int,
    rows: bool = False,
    cache: DynamicCache | None = None,
) -> Generation:
    """The most likely next token, again and again, until a stop token or `max_new_tokens`.

    The prompt but its last token goes through in one pass; then one token at a time, so that the attention row
    which predicts a token is always the single query of a pass. `rows` keeps those rows. `cache`: that of the prompt but its
    last token, where it was made already; it is continued.
    """
    cache = prefill(model, prompt_ids).cache if cache is None else cache
    current = torch.tensor([[prompt_ids[-1]]], device=model.device)
    recording = Recording() if rows else None
    token_ids: list[int] = []
    stopped_by = "length"
    with record(recording):
        while len(token_ids) < max_new_tokens:
            logits = model(input_ids=current, past_key_values=cache, use_cache=True, logits_to_keep=1).logits
            (token,) = _likeliest(logits[0, -1:])
            if token in stop_ids:
                stopped_by = "eos"
                break
            token_ids.append(token)
            current = torch.tensor([[token]], device=model.device)
    # The row that predicted the stop token scores no token.
    attended = recording.attended()[: len(token_ids)].clone() if recording else None
    return Generation(token_ids, stopped_by, attended)


@torch.inference_mode()
def teacher_forced(
    model: torch.nn.Module, prompt_ids: Sequence[int], answer_ids: Sequence[int], stop_ids: Collection[int]
) -> Generation:
    """What the model would say at each place of the right answer, in one pass over it, rows included.

    `attended[i]` belongs to the row that predicts `answer_ids[i]`; `token_ids` are the model's own choices there,
    cut at its first stop token.
    """
    cache = prefill(model, prompt_ids).cache
    recording = Recording()
    given = torch.tensor([[prompt_ids[-1], *answer_ids[:-1]]], device=model.device)
    with record(recording):
        logits = model(input_ids=given, past_key_values=cache, use_cache=True).logits
    chosen = _likeliest(logits[0])
    stop = next((i for i, token in enumerate(chosen) if token in stop_ids), None)
    return Generation(chosen[:stop], "length" if stop is None else "eos", recording.attended())


def _likeliest(logits: torch.Tensor) -> list[int]:
    """The likeliest token of each row, [rows, vocabulary]. Raises `NaNLogits`; a number that is none is the greatest of its row."""
    values, tokens = logits.max(-1)
    if not torch.isfinite(values).all():
        raise NaNLogits("adapterDir: found a model whose logits are not finite numbers; allowed: one whose weights are, in a dtype that holds its activations", field="adapterDir")
    return tokens.tolist()


def prediction(prompt: Prompt, generation: Generation, tokenizer: ModelTokenizer) -> dict[str, Any]:
    """A line of `predictions.jsonl` (contract: `Prediction`)."""
    return {
        "id": prompt.example.id,
        "text": tokenizer.decode_answer(generation.token_ids),
        "tokenIds": generation.token_ids,
        "stoppedBy": generation.stopped_by,
    }

