"""Whether an answer is right, for the option that scores heads on right answers only (`score.gate: correct`).

The F1 that is reported is computed elsewhere; this is plain right or wrong.
"""

from __future__ import annotations

import re
import string

from .data import Example


def is_correct(example: Example, text: str) -> bool:
    """For citations: exactly the right document numbers; else: one of the answers, after SQuAD normalisation."""
    if example.cites:
        return any(_numbers(text) == _numbers(answer) for answer in example.answers)
    return any(_normalise(text) == _normalise(answer) for answer in example.answers)


def _numbers(text: str) -> set[str]:
    return set(re.findall(r"\d+", text))


def _normalise(text: str) -> str:
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())
