"""How fast training goes and what memory it takes, step by step: figures that differ from run to run."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from .runtime import peak_memory_bytes

MIB = 2**20


class Pace:
    """Measures the steps of a training as they end; `entries` are the lines of `pace.jsonl`.

    An entry: step, tokens (without padding), seconds, tokensPerSecond, peakMemoryMiB (the job's highest so far; device memory on
    CUDA, resident memory of the process on CPU).
    """

    def __init__(self, entries: Iterable[dict[str, Any]] = ()):
        self.entries = list(entries)
        self.resume()

    def resume(self) -> None:
        """Start timing the next step now, leaving out what was done since the last one."""
        self._since = time.perf_counter()

    def step(self, step: int, tokens: int) -> dict[str, Any]:
        """Note a step that ends now."""
        seconds = max(time.perf_counter() - self._since, 1e-9)
        entry = {"step": step, "tokens": tokens, "seconds": seconds, "tokensPerSecond": tokens / seconds, "peakMemoryMiB": peak_memory_bytes() / MIB}
        self.entries.append(entry)
        self.resume()
        return entry


def throughput(entries: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Over all given entries: tokens, seconds and tokens per second."""
    entries = list(entries)
    tokens, seconds = sum(e["tokens"] for e in entries), sum(e["seconds"] for e in entries)
    return {"trainedTokens": tokens, "trainingSeconds": seconds, "tokensPerSecond": tokens / max(seconds, 1e-9)}
