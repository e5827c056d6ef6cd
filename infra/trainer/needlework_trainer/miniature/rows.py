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
    #: How many positions the documents take, and which later ones ask without reading them; for `sight_of`.
    documents: int = 0
    asking: list[int] = field(default_factory=list)
    #: What the questions ask for, as it stands in the documents: first position and the one behind the last.
    values: list[tuple[int, int]] = field(default_factory=list)
    #: Whether asking positions are kept from seeing the documents, and other words of the documents from seeing the values.
    hidden: bool = False

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

    def add_question(self, tokens: list[int]) -> None:
        """Appends a question. All of it asks but its last token, behind which the answer is said."""
        self.documents = self.documents or len(self)
        self.asking += range(len(self), len(self) + len(tokens) - 1)
        self.add(tokens)

    def mark_values(self, answers: list[list[int]]) -> None:
        """Notes where the documents, all that was added so far, say these answers."""
        for answer in answers:
            ends = range(len(answer), len(self) + 1)
            self.values += [(end - len(answer), end) for end in ends if self.inputs[end - len(answer) : end] == answer]

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


def sight_of(rows: list[Row]) -> torch.Tensor | None:
    """
    Which earlier positions each position sees [rows, queries, keys], where that is less than all in some row; else None. In hidden
    rows a question's tokens do not see the documents, nor other tokens of the documents the values: so what is asked for is fetched
    where the answer is said, and from where it stands.
    """
    if not any(row.hidden for row in rows):
        return None
    longest = max(map(len, rows))
    seen = torch.ones(len(rows), longest, longest, dtype=torch.bool).tril()
    for i, row in enumerate(rows):
        if row.hidden:
            seen[i, row.asking, : row.documents] = False
            for first, behind in row.values:
                seen[i, behind : row.documents, first:behind] = False
    return seen
