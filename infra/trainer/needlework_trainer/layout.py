"""Where a loaded model's heads are and how far each layer sees, measured on the model itself (`probe`), not read from its config."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers import PreTrainedModel

from .errors import UnsupportedModel
from .probe import Seen, watch

#: Stands in a config for "no window" where its layers must have one; longer than any context.
NO_WINDOW = 2**30
#: Positions looked at where no window is to be found.
_FEW = 8
_ATTRIBUTE = "needlework_layout"


@dataclass(frozen=True)
class AttentionLayer:
    """One attention layer. `module` and `projection` (of the heads' outputs, `o_proj` in many families) are dotted names in the base model.

    `window`: positions that a query sees, its own included; None where it sees all before it.
    """

    module: str
    projection: str
    heads: int
    key_value_heads: int
    window: int | None


def layout_of(model: torch.nn.Module) -> tuple[AttentionLayer, ...]:
    """The attention layers of a model, first to last; with adapters on it, those of the base below. Raises `UnsupportedModel`."""
    found = getattr(model, _ATTRIBUTE, None)
    if found is None:
        found = find_layout(model)
        setattr(model, _ATTRIBUTE, found)
    return found


def remember_layout(model: PreTrainedModel, at_least: int) -> tuple[AttentionLayer, ...]:
    """Find the layout of a bare model and keep it with the model; a layer without a window must see `at_least` so many positions."""
    setattr(model, _ATTRIBUTE, find_layout(model, at_least))
    return layout_of(model)


def find_layout(model: PreTrainedModel, at_least: int = _FEW) -> tuple[AttentionLayer, ...]:
    """Measure the layout of a model without adapters. Raises `UnsupportedModel` where its heads cannot be told apart."""
    window = claimed_window(model.config)
    positions = max(_FEW, at_least, 2 + (window or 0))

    def outputs(values) -> dict[int, Seen]:
        try:
            return watch(model, positions, values)
        except (AttributeError, IndexError, TypeError, ValueError, NotImplementedError, RuntimeError) as error:
            if isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error):
                raise
            raise _unsupported(f"does not run on a cache of keys and values ({type(error).__name__}: {error})", "a decoder that does")

    def at(place: int) -> list[bool]:
        """Which layers see the position `place`."""

        def values(heads: int) -> torch.Tensor:
            only = torch.zeros(heads, positions)
            only[:, place] = 1
            return only

        return [bool((layer.output > 0).any()) for _, layer in sorted(outputs(values).items())]

    seen = outputs(lambda heads: torch.arange(1.0, heads + 1)[:, None].expand(heads, positions))
    layers = [(layer, _heads(index, layer)) for index, layer in sorted(seen.items())]
    _check_all_layers(model, sorted(seen), [heads for _, heads in layers])
    first = at(0)
    if window is None:
        outside, inside = [False] * len(layers), [False] * len(layers)
    else:
        outside, inside = at(positions - 1 - window), at(positions - window)
    windows = [_window(index, window, *sees) for index, sees in enumerate(zip(first, outside, inside))]
    return tuple(
        AttentionLayer(layer.module, layer.projection, heads, layer.key_value_heads, windows[index])
        for index, (layer, heads) in enumerate(layers)
    )


def claimed_window(config) -> int | None:
    """The window that a config names, if any; which layers have it, only the model shows."""
    window = getattr(config.get_text_config(), "sliding_window", None)
    return window if window is not None and window < NO_WINDOW else None


def _window(index: int, claimed: int | None, first: bool, outside: bool, inside: bool) -> int | None:
    if first and (claimed is None or (outside and inside)):
        return None
    if inside and not outside and not first:
        return claimed
    raise _unsupported(f"has a layer {index} that sees less of the past than config.json says (sliding_window: {claimed})", "causal attention to the whole past or to a window of it")


def _heads(index: int, layer: Seen) -> int:
    """Number of query heads of a layer whose head saw, everywhere, the number of its key-value head, counted from 1.

    The output must then be 1 … 1 2 … 2 and so on: each head as wide as a value, those of one key-value head side by side.
    """
    if layer.projection is None:
        raise _unsupported(f"has no linear projection behind the attention of layer {index} ({layer.module})", "attention whose heads' outputs go into one linear projection")
    features, groups = layer.output.numel(), layer.key_value_heads
    if features % (groups * layer.width) == 0:
        expected = torch.arange(1.0, groups + 1).repeat_interleave(features // groups)
        if torch.allclose(layer.output, expected, rtol=2e-2):
            return features // layer.width
    raise _unsupported(f"changes or reorders the outputs of the heads of layer {index} ({layer.module}) before it projects them", "heads' outputs that are projected as they are, head after head")


def _check_all_layers(model: PreTrainedModel, found: list[int], heads: list[int]) -> None:
    count = model.config.get_text_config().num_hidden_layers
    if found != list(range(count)):
        lacking = [str(index) for index in range(count) if index not in found]
        raise _unsupported(f"has {count} layers, of which {', '.join(lacking)} keep no keys and values of their own", "attention in every layer")
    if len(set(heads)) != 1:
        raise _unsupported(f"has layers of {', '.join(map(str, sorted(set(heads))))} heads", "as many heads in each layer")


def _unsupported(found: str, allowed: str) -> UnsupportedModel:
    return UnsupportedModel(f"model.path: this model {found}; allowed: {allowed}", field="model.path")
