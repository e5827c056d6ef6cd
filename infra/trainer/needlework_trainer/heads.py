"""Attention heads of a model: how many there are, where their outputs pass, and sets of them in a job."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from .errors import BadJob, UnsupportedModel
from .jobs import HeadSet
from .layout import layout_of


def heads_of(model: torch.nn.Module) -> tuple[int, int]:
    """(layers, heads per layer) of a model."""
    layers = layout_of(model)
    return len(layers), layers[0].heads


def output_projections(model: torch.nn.Module) -> dict[int, torch.nn.Module]:
    """The projection of the heads' outputs (`o_proj` in many families) of each layer; an adapter's wrapper where there is one.

    Its input holds the outputs of all heads side by side, [batch, tokens, heads × head width].
    """
    return {index: _base_of(model).get_submodule(layer.projection) for index, layer in enumerate(layout_of(model))}


def query_projections(model: torch.nn.Module) -> dict[int, torch.nn.Module]:
    """The query projection (`q_proj`) of each attention layer, by layer; an adapter's wrapper where there is one. Raises `UnsupportedModel`."""
    found = {}
    for index, layer in enumerate(layout_of(model)):
        projection = getattr(_base_of(model).get_submodule(layer.module), "q_proj", None)
        if not isinstance(projection, torch.nn.Module):
            raise UnsupportedModel(f"model.path: the attention of layer {index} ({layer.module}) has no q_proj; allowed: a model whose queries have a projection of their own", field="model.path")
        found[index] = projection
    return found


def _base_of(model: torch.nn.Module) -> torch.nn.Module:
    return model.get_base_model() if hasattr(model, "get_base_model") else model


def by_layer(heads: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    """Heads `[layer, head]`, each once and in order, under their layer."""
    layers: dict[int, list[int]] = {}
    for layer, head in sorted(set(heads)):
        layers.setdefault(layer, []).append(head)
    return layers


def check_head_sets(head_sets: Sequence[HeadSet], model: torch.nn.Module, reserved: str) -> None:
    """Refuse ids that would share a file (`reserved` has one already) and heads that the model lacks. Raises `BadJob`."""
    layers, heads = heads_of(model)
    seen = {reserved}
    for i, head_set in enumerate(head_sets):
        if head_set.id in seen:
            raise BadJob(f"headSets.{i}.id: found {head_set.id!r} again; allowed: ids that differ, and not {reserved!r}", field=f"headSets.{i}.id")
        seen.add(head_set.id)
        for j, (layer, head) in enumerate(head_set.heads):
            if layer >= layers or head >= heads:
                raise BadJob(f"headSets.{i}.heads.{j}: found [{layer}, {head}]; allowed: layer < {layers}, head < {heads}", field=f"headSets.{i}.heads.{j}")
