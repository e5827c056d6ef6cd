"""Numbers as the benchmark prints them."""

from __future__ import annotations

from statistics import median


def ratios(others: list[float], ours: list[float]) -> str:
    """Median of the pairs' ratios, with the least and the greatest: how many times ours the other is."""
    found = [b / a for a, b in zip(ours, others, strict=True)]
    return f"{median(found):.2f}x ({min(found):.2f}-{max(found):.2f})"


def where(device: str) -> str:
    """What a part ran on, for its head line."""
    return "GPU" if device == "cuda" else "CPU, one thread"


def unit(device: str) -> str:
    """What is timed: on a CPU its own seconds, which other work on the machine does not count to."""
    return "seconds" if device == "cuda" else "CPU seconds"


def mib(size: float) -> str:
    return f"{size / 2**20:,.0f} MiB"


def row(*cells: str) -> None:
    first, *rest = cells
    print(first.ljust(26) + "".join(cell.rjust(24) for cell in rest), flush=True)
