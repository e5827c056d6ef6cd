"""For how many positions a model has embeddings of its own, seen on what it looks up; rotary ones have no end."""

from __future__ import annotations

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import PreTrainedModel

#: Positions looked at.
_FEW = 3


def positions_of(model: PreTrainedModel) -> int | None:
    """Positions of a loaded (bare) model's table of position embeddings; None where it has no such table."""
    with torch.no_grad(), _LookUps() as look_ups:
        model(input_ids=torch.zeros(1, _FEW, dtype=torch.long, device=model.device), use_cache=False, logits_to_keep=1)
    # The token is the first of the vocabulary everywhere, so whoever asks for a later row asks for a position. Some tables begin with rows for padding.
    return min((rows - (last - (_FEW - 1)) for rows, last in look_ups.found if last > 0), default=None)


class _LookUps(TorchDispatchMode):
    """Notes the tables that rows are taken from inside the block: how many they have, and the last one that was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[int, int]] = []

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        if function is torch.ops.aten.embedding.default:
            table, rows = arguments[:2]
            self.found.append((len(table), int(rows.max())))
        return function(*arguments, **(keywords or {}))
