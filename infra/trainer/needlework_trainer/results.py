"""What a job hands back beside its files."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class JobResult:
    """`summary`: a few small numbers, the same every time; `measurements`: what varies from run to run."""

    summary: dict[str, Any]
    measurements: dict[str, float | str] = field(default_factory=dict)


def tokens_per_second() -> Callable[[int], dict[str, float]]:
    """Start a clock; call it with the tokens done by then."""
    started = time.perf_counter()
    return lambda tokens: {"tokensPerSecond": tokens / max(time.perf_counter() - started, 1e-9)}
