"""Learning rate over the steps of a training."""

from __future__ import annotations

import math
from typing import Literal

Schedule = Literal["cosine", "linear", "constant"]


def warmup_steps(share: float, steps: int) -> int:
    """Steps below the full rate at the beginning. At least one step has the full rate."""
    return min(math.ceil(share * steps), steps - 1)


def learning_rate_share(schedule: Schedule, index: int, warmup: int, steps: int) -> float:
    """Share of the full rate at a step (from 0): in equal parts up to 1 after `warmup` steps, then down towards 0.

    transformers' schedules begin at 0, which makes the first step a step of no effect; here no step is wasted, neither the
    first (1 / (warmup + 1)) nor the last (0 would be reached one step after it).
    """
    if index < warmup:
        return (index + 1) / (warmup + 1)
    if schedule == "constant":
        return 1.0
    progress = min(1.0, (index - warmup) / (steps - warmup))
    return 1 - progress if schedule == "linear" else 0.5 + 0.5 * math.cos(math.pi * progress)
