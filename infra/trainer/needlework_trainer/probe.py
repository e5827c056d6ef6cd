"""One token through a model that believes in a past of our making, and what each attention layer did with it.

Nothing is known here of model families. All keys of the past are zero, so a query attends every position that it may see
alike, whatever the mask, the kernel and the weights are, and a head's output is the mean of the values that it saw. The
values are ours: from the means follows which positions a layer sees, and which part of its output is which head's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, DynamicLayer

#: Values at all positions, the present one last: float32 [key-value heads, positions], from the number of key-value heads.
Values = Callable[[int], torch.Tensor]


@dataclass
class Seen:
    """What one attention layer did.

    `module`, `projection`: dotted names of the layer's attention and of the last linear layer that it called after it had its
    keys (None: there was none). `output`: what went into that one, float32 [features]. `width`: of a value, per head.
    """

    module: str
    key_value_heads: int
    width: int
    projection: str | None = None
    output: torch.Tensor | None = None


@torch.no_grad()
def watch(model: PreTrainedModel, positions: int, values: Values) -> dict[int, Seen]:
    """Send one token at the last of `positions` through `model`, which must have no adapter on it; by layer index."""
    seen: dict[int, Seen] = {}
    count = model.config.get_text_config().num_hidden_layers
    with _calls(model) as running:

        def on_update(index: int, key_value_heads: int, width: int) -> None:
            seen[index] = Seen(running.names[-1], key_value_heads, width)

        def on_linear(name: str, given: torch.Tensor) -> None:
            for layer in seen.values():
                if layer.module in running.names:
                    layer.projection, layer.output = name, given.detach().float().flatten().cpu()

        running.on_linear = on_linear
        cache = Cache(layers=[_Past(index, positions, values, on_update) for index in range(count)])
        model(input_ids=torch.zeros(1, 1, dtype=torch.long, device=model.device), past_key_values=cache, use_cache=True)
    return seen


class _Past(DynamicLayer):
    """The cache of one layer: gives zero keys and the values asked for, and keeps nothing."""

    def __init__(self, index: int, positions: int, values: Values, on_update: Callable[[int, int, int], None]):
        super().__init__()
        self._index, self._positions, self._values, self._on_update = index, positions, values, on_update

    def update(self, key_states: torch.Tensor, value_states: torch.Tensor, *args, **kwargs) -> tuple[torch.Tensor, torch.Tensor]:
        _, heads, _, width = value_states.shape
        self._on_update(self._index, heads, width)
        keys = key_states.new_zeros(1, key_states.shape[1], self._positions, key_states.shape[3])
        values = self._values(heads).to(value_states)[None, :, :, None].expand(1, heads, self._positions, width)
        return keys, values.contiguous()

    def get_seq_length(self) -> int:
        return self._positions - 1


class _Running:
    """Names of the modules whose forward is under way, outermost first; `on_linear` is told of every linear layer's input."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.on_linear: Callable[[str, torch.Tensor], None] = lambda name, given: None


@contextmanager
def _calls(model: torch.nn.Module) -> Iterator[_Running]:
    running = _Running()
    hooks = []

    def enter(name: str):
        def hook(module, arguments):
            if isinstance(module, torch.nn.Linear):
                running.on_linear(name, arguments[0])
            running.names.append(name)

        return hook

    def leave(_module, _arguments, _output):
        running.names.pop()

    for name, module in model.named_modules():
        hooks += [module.register_forward_pre_hook(enter(name)), module.register_forward_hook(leave, always_call=True)]
    try:
        yield running
    finally:
        for hook in hooks:
            hook.remove()
