"""The first pass over a prompt: its cache, in memory that grows with the prompt's length and no faster.

What several passes over one prompt have in common is computed once. Silencing a head changes nothing below its layer,
so keys and values of the layers below are shared, and the pass is taken up where the first change is.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from transformers import DynamicCache

from .layout import layout_of

# A layer with a sliding window needs a mask of queries × keys: so many queries at a time keep it from being length².
QUERIES_PER_PASS = 1024


@dataclass(frozen=True)
class Prefill:
    """What a model made of a prompt but for its last token.

    `cache`: keys and values of all layers. `inputs[layer]`: what went into a layer, one tensor [1, tokens, hidden] per
    pass, for the layers that were asked for.
    """

    cache: DynamicCache
    inputs: dict[int, list[torch.Tensor]]

    def branch(self) -> DynamicCache:
        """The cache, to be continued without changing this one; the tensors are shared."""
        return _lower(self.cache, len(self.cache.layers), None)


@torch.inference_mode()
def prefill(model: torch.nn.Module, prompt_ids: Sequence[int], keep: Collection[int] = ()) -> Prefill:
    """All prompt tokens but the last through the model; `keep` names the layers that `resume` will start at."""
    # A cache built from the config would drop keys outside a sliding window and so shift all positions.
    cache = DynamicCache()
    inputs: dict[int, list[torch.Tensor]] = {layer: [] for layer in keep}
    with _noting(model, inputs):
        for ids, _ in _passes(model, prompt_ids):
            model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
    return Prefill(cache, inputs)


@torch.inference_mode()
def resume(model: torch.nn.Module, prompt_ids: Sequence[int], shared: Prefill, layer: int) -> DynamicCache:
    """The cache that `prefill` would make now that something at `layer` or above is changed; computes those layers only.

    Equal to a whole pass, bit for bit. `shared` was made with `layer` among those to keep, where it is not 0.
    """
    if layer == 0 or not shared.cache.layers:
        return prefill(model, prompt_ids).cache
    cache = DynamicCache()
    with _starting_at(model, layer, shared.inputs[layer]):
        for ids, start in _passes(model, prompt_ids):
            # Positions and masks come from the length of the lowest layer, which must be as if its pass had been made.
            below = _lower(shared.cache, layer, start) if start else DynamicCache()
            below.layers.extend(cache.layers[layer:] if start else [])
            cache = below
            model(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
    whole = _lower(shared.cache, layer, None)
    whole.layers.extend(cache.layers[layer:])
    return whole


def _passes(model: torch.nn.Module, prompt_ids: Sequence[int]) -> Iterator[tuple[torch.Tensor, int]]:
    """The prompt but its last token, int64 [1, tokens], with the position it begins at; in one piece wherever that is lean."""
    ids = torch.tensor([list(prompt_ids[:-1])], dtype=torch.long, device=model.device)
    length = ids.shape[1]
    window = getattr(model.config.get_text_config(), "sliding_window", None)
    step = QUERIES_PER_PASS if window is not None and length > window else max(length, 1)
    for start in range(0, length, step):
        yield ids[:, start : start + step], start


def _lower(cache: DynamicCache, layers: int, tokens: int | None) -> DynamicCache:
    """A cache of the lowest `layers` of another and its first `tokens` (all where None), sharing its tensors."""
    found = DynamicCache()
    for layer in cache.layers[:layers]:
        twin = copy.copy(layer)
        if tokens is not None:
            twin.keys, twin.values = layer.keys[:, :, :tokens], layer.values[:, :, :tokens]
        found.layers.append(twin)
    return found


def decoder_layers(model: torch.nn.Module) -> dict[int, torch.nn.Module]:
    """The blocks of a model that hold its attention modules, by layer."""
    base = model.get_base_model() if hasattr(model, "get_base_model") else model
    return {index: base.get_submodule(layer.module.rpartition(".")[0]) for index, layer in enumerate(layout_of(model))}


@contextmanager
def _noting(model: torch.nn.Module, inputs: dict[int, list[torch.Tensor]]) -> Iterator[None]:
    def note(layer: int):
        return lambda _module, arguments: inputs[layer].append(arguments[0])

    layers = decoder_layers(model) if inputs else {}
    hooks = [layers[layer].register_forward_pre_hook(note(layer)) for layer in inputs]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _starting_at(model: torch.nn.Module, first: int, inputs: list[torch.Tensor]) -> Iterator[None]:
    """Layers below `first` let everything through untouched, and `first` gets the noted inputs, one per pass."""
    layers, rest = decoder_layers(model), iter(inputs)
    hook = layers[first].register_forward_pre_hook(lambda _module, arguments: (next(rest), *arguments[1:]))
    below = [module for layer, module in layers.items() if layer < first]
    for module in below:
        module.forward = _unchanged
    try:
        yield
    finally:
        hook.remove()
        for module in below:
            del module.forward


def _unchanged(hidden_states: torch.Tensor, *_, **__) -> torch.Tensor:
    return hidden_states
