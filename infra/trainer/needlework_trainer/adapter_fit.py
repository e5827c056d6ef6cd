"""Whether the LoRA weights in a file fit a base: PEFT leaves out, without a word, what it finds no place for."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from safetensors import safe_open

from .errors import AdapterMismatch

# Of several parameters of one module, those of all but one stand under its `base_layer`.
_WEIGHT = re.compile(r"^base_model\.model\.(?P<module>.+?)(?:\.base_layer)*\.lora_(?P<side>[AB])\.weight$")


def check_fit(model: torch.nn.Module, weights: Path) -> None:
    """Raises `AdapterMismatch` where a weight has no layer in the (bare) model, or one of another size; names the first."""
    with safe_open(str(weights), framework="pt") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}
    found = [(match["module"], match["side"], shapes[name]) for name in sorted(shapes) if (match := _WEIGHT.match(name))]
    if not found:
        raise _mismatch(f"found no LoRA weights in {weights.name}", "those of this base")
    modules = dict(model.named_modules())
    for name, side, shape in found:
        layer = modules.get(name)
        if layer is not None and not isinstance(layer, torch.nn.Linear) and any(weight.ndim in (2, 3) for weight in layer.parameters(recurse=False)):
            # Which of its parameters this is for shows when it is put on, as its size does.
            continue
        if not isinstance(layer, torch.nn.Linear):
            raise _mismatch(f"found weights for {name}, which this base does not have", "an adapter that was made for it")
        size, own = (shape[1], layer.in_features) if side == "A" else (shape[0], layer.out_features)
        if size != own:
            raise _mismatch(f"found weights for {name} with {size} {'inputs' if side == 'A' else 'outputs'}, where this base has {own}", "an adapter that was made for it")


def _mismatch(found: str, allowed: str) -> AdapterMismatch:
    return AdapterMismatch(f"adapterDir: {found}; allowed: {allowed}", field="adapterDir")
