"""A training row: token ids, and at each position the id to predict there (or IGNORE)."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

IGNORE = -100


@dataclass
class Row:
    """`targets[t]` is what the model must say after reading `inputs[: t + 1]`."""

    inputs: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)

    def add(self, tokens: list[int], learn: bool | list[bool] = False) -> None:
        """Appends tokens; those to learn become the target of the position before them."""
        flags = learn if isinstance(learn, list) else [learn] * len(tokens)
        for token, flag in zip(tokens, flags, strict=True):
            if flag:
                self.targets[-1] = token
            self.inputs.append(token)
            self.targets.append(IGNORE)

    def cut(self, length: int) -> None:
        """Shortens the row to `length` positions, dropping the target that would lie beyond."""
        if len(self.inputs) > length:
            self.inputs, self.targets = self.inputs[:length], self.targets[:length]
            self.targets[-1] = IGNORE

    def __len__(self) -> int:
        return len(self.inputs)


def collate(rows: list[Row], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows as two [rows, positions] tensors, padded at the end to the longest row."""
    longest = max(map(len, rows))
    inputs = torch.full((len(rows), longest), pad)
    targets = torch.full((len(rows), longest), IGNORE)
    for i, row in enumerate(rows):
        inputs[i, : len(row)] = torch.tensor(row.inputs)
        targets[i, : len(row)] = torch.tensor(row.targets)
    return inputs, targets
