"""One step's rows. A step's data depend on the config's seed and the step alone, so a resumed run sees the same."""

from __future__ import annotations

import random

from .config import PretrainingConfig, Stage
from .rows import Row
from .tasks import TASKS
from .tasks.draw import Material
from .vocabulary import Vocabulary
from .world import World


def material_of(world: World, vocabulary: Vocabulary, words: int | None) -> Material:
    """Random words are drawn from the first `words` of the vocabulary in a fixed shuffled order."""
    order = list(vocabulary.plain_words)
    random.Random("random words").shuffle(order)
    return Material(world, vocabulary, tuple(order[:words]))


def step_rows(config: PretrainingConfig, stage: Stage, step: int, material: Material) -> tuple[list[str], list[Row]]:
    """The task names and rows of a step."""
    rng = random.Random(f"{config.seed}/{step}")
    length = stage.lengths[-1] if rng.random() < 0.75 else rng.choice(stage.lengths)
    rows = stage.tokensPerStep // length
    tasks, shares = list(stage.mix), list(stage.mix.values())
    names = rng.choices(tasks, shares) * rows if stage.taskPer == "step" else rng.choices(tasks, shares, k=rows)
    return names, [TASKS[name](material, rng, length) for name in names]


def silent_layers(config: PretrainingConfig, stage: Stage, step: int, rows: int) -> list[int] | None:
    """For each of a step's rows the layer whose attention is silenced, -1 for none; None where the stage silences none."""
    if stage.silence is None:
        return None
    rng = random.Random(f"{config.seed}/{step}/silence")
    return [rng.choice(stage.silence.layers) if rng.random() < stage.silence.share else -1 for _ in range(rows)]
