"""Cross entropy with the LM head computed only where tokens carry loss, a limited number of positions at a time.

At 32K tokens and a vocabulary of 128K all logits would take 16 GB in float32, and their gradient as much again. The answer's
take a few hundred KB; those of a whole sequence are computed, and recomputed in the backward pass, chunk by chunk.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPast

from .errors import UnsupportedModel

#: Label of positions without loss, as torch's cross entropy and transformers have it.
IGNORED = -100
# Logits of one chunk: 256 MB in float32. Fixed rather than fitted to the machine, since it decides the order of the sum.
_LOGITS_PER_CHUNK = 2**26


def summed_loss(model: nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Sum of the cross entropy over all labelled tokens of a batch, a float32 scalar (or float64 for a float64 model).

    `batch`: input_ids and labels, int64 [rows, length]; attention_mask likewise, where rows are padded.
    """
    targets = batch["labels"][:, 1:]
    labelled = targets != IGNORED
    causal = causal_model(model)
    # [labelled tokens, width]: the states that predict them, of all rows together.
    states = _last_hidden_states(model, causal, batch)[:, :-1][labelled]
    wanted = targets[labelled]
    size = positions_per_chunk(causal.config.get_text_config().vocab_size)
    if len(wanted) <= size:
        return _loss_of(causal, states, wanted)
    chunks = zip(states.split(size), wanted.split(size))
    return sum(checkpoint(_loss_of, causal, *chunk, use_reentrant=False, preserve_rng_state=False) for chunk in chunks)


def positions_per_chunk(vocabulary: int) -> int:
    """How many positions the LM head is computed at in one go."""
    return max(1, _LOGITS_PER_CHUNK // vocabulary)


def causal_model(model: nn.Module) -> PreTrainedModel:
    """The causal language model inside an adapter, or itself."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def logits_of(causal: PreTrainedModel, states: torch.Tensor) -> torch.Tensor:
    """What a model makes of its decoder's last hidden states: [positions, width] to logits [positions, vocabulary].

    It is the model's own forward pass with the decoder left out, so whatever a family does there (soft-capping in
    Gemma 2, scaling in Granite and Cohere) is done.
    """
    name = causal.base_model_prefix
    decoder = causal._modules[name]
    causal._modules[name] = _HandedOn()
    try:
        return causal(inputs_embeds=states[None], use_cache=False).logits[0]
    finally:
        causal._modules[name] = decoder


class _HandedOn(nn.Module):
    """Stands in for a decoder whose last hidden states are known."""

    def forward(self, *_args, inputs_embeds: torch.Tensor, **_kwargs) -> _StatesAlone:
        return _StatesAlone(last_hidden_state=inputs_embeds)


class _StatesAlone(BaseModelOutputWithPast):
    """The output of a decoder; what else some families look for in it (choices of experts, states of images) is None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("_"):
            raise AttributeError(name)
        return None


def _loss_of(causal: PreTrainedModel, states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    logits = logits_of(causal, states)
    # Half precision would round the sum over the vocabulary.
    exact = logits if logits.dtype == torch.float64 else logits.float()
    return cross_entropy(exact, wanted, reduction="sum")


def _last_hidden_states(model: nn.Module, causal: PreTrainedModel, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """[rows, length, width]. By a hook, so that whatever wraps the model (autocast, adapters) takes part as usual."""
    found: list[torch.Tensor] = []
    hook = getattr(causal, causal.base_model_prefix).register_forward_hook(lambda _module, _inputs, output: found.append(output.last_hidden_state))
    try:
        # At least one position has to go through the LM head: 0 would mean all.
        model(input_ids=batch["input_ids"], attention_mask=batch.get("attention_mask"), use_cache=False, logits_to_keep=1)
    finally:
        hook.remove()
    if not found:
        raise UnsupportedModel(f"model.path: this {causal.config.model_type} model makes its logits from something else than the output of its {causal.base_model_prefix!r}, so it cannot be trained here; allowed: one that does not", field="model.path")
    return found[0]
