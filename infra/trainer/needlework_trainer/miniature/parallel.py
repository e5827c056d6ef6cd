"""
Several processes on one pretraining run, started by `torchrun`: each takes some of a step's parts, and all add up the gradients of
all parts in the same order. So the weights do not depend on how many there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.distributed as dist

@dataclass(frozen=True)
class Processes:
    """This process among those of the run, as `torchrun` numbers them."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the one that writes files."""
        return self.rank == 0

    def sum_in_order(self, parts: int, size: int, compute: Callable[[int], torch.Tensor]) -> torch.Tensor:
        """The sum over all parts, added from the first to the last; each is computed by one process, as `size` numbers."""
        own = {part: compute(part) for part in range(self.rank, parts, self.count)}
        total = None
        for part in range(parts):
            computed = own[part] if part in own else torch.empty(size)
            if self.count > 1:
                dist.broadcast(computed, src=part % self.count)
            total = computed.clone() if total is None else total.add_(computed)
        return total

    def agree(self, value: bool) -> bool:
        """What the first process says; all wait for one another."""
        if self.count == 1:
            return value
        said = torch.tensor([value])
        dist.broadcast(said, src=0)
        return bool(said)


def join() -> Processes:
    """Joins the processes that `torchrun` started, or none."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return Processes()
    dist.init_process_group("gloo")
    return Processes(dist.get_rank(), dist.get_world_size())
