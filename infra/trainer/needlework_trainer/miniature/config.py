"""The pretraining config (JSON): the network, the seed and the stages. Checked with pydantic; unknown keys are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .tasks import TASKS

Positive = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(ge=0)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Network(Strict):
    """Family and shape of the model, and how its weights are drawn."""

    family: Literal["llama", "mistral"] = "llama"
    #: Positions that a token sees, its own included; of the Mistral family alone, which always has one here.
    slidingWindow: Positive | None = None
    layers: Positive
    hidden: Positive
    heads: Positive
    kvHeads: Positive
    headDim: Positive
    feedForward: Positive
    theta: Annotated[float, Field(gt=0)]
    #: Standard deviation of all random weights.
    initStd: Annotated[float, Field(gt=0)]
    #: Factor on what each block writes to the residual stream at first.
    outputScale: Annotated[float, Field(gt=0)]
    #: Length of a direction that all words share at first, for attention by position alone, which must not depend on the words.
    #: Whether previous-token heads need it was not shown (examples/models/README.md).
    sharedNorm: Rate = 0
    #: Null: nothing is set by hand, all heads form in training.
    seededHeads: SeededHeads | None = None

    @model_validator(mode="after")
    def _window_of_the_family(self) -> "Network":
        if (self.family == "mistral") != (self.slidingWindow is not None):
            allowed = "a number of positions" if self.family == "mistral" else "null, or nothing"
            raise ValueError(f"slidingWindow is {self.slidingWindow} for the family {self.family!r}; allowed: {allowed}")
        return self


class SeededHeads(Strict):
    """Heads that begin set by hand (needlework_trainer/seeding.py) rather than at random."""

    previousKvHeads: Positive
    matchingLayers: Annotated[list[Positive], Field(min_length=1)]
    #: How many key/value heads of each matching layer begin so, its first ones; null: all.
    matchingKvHeads: Positive | None = None
    #: How much of what matching heads attend they pass on at first.
    passing: Annotated[float, Field(gt=0)] = 1


class Optimizer(Strict):
    """AdamW, the same in all stages; steps of warm-up are counted once, from the first stage on."""

    betas: tuple[float, float] = (0.9, 0.98)
    weightDecay: Rate = 0.01
    maxGradNorm: Annotated[float, Field(gt=0)] = 1.0
    warmupSteps: Positive = 100


class Silence(Strict):
    """
    In this share of a step's rows the attention of one of these layers, drawn for each row, adds nothing (LayerDrop, arXiv
    1909.11556, of attention alone): so no layer can leave a task to another, and the heads for it form in several.
    """

    layers: Annotated[list[Positive], Field(min_length=1)]
    share: Annotated[float, Field(gt=0, le=1)]


class Stage(Strict):
    """Some steps on one mix of tasks; the learning rate goes linearly from the first value to the second."""

    name: str
    steps: Positive
    #: Row lengths in tokens; a step takes the last in three cases of four, else any.
    lengths: Annotated[list[Annotated[int, Field(ge=32)]], Field(min_length=1)]
    tokensPerStep: Positive
    learningRate: tuple[Rate, Rate]
    #: How many layers are in use, from below; the others wait as they were drawn. Null: all. A network grows from stage to stage.
    layers: Positive | None = None
    #: How many of the vocabulary's words random words are drawn from; null: all of them.
    randomWords: Positive | None = None
    #: Whether a step's rows are all of one task, drawn anew for each step, or each of a task of its own.
    taskPer: Literal["step", "row"] = "step"
    #: Whether a sliding window is in force; a base may first learn to look things up without.
    window: bool = True
    #: Null: all layers' attention is there in every row.
    silence: Silence | None = None
    #: In how many parts a step's rows go through the model; their gradients are added in order, so that any number of
    #: processes gives the same weights.
    parts: Positive = 1
    #: Share of each task among the steps, or among a step's rows.
    mix: Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_tasks(self) -> "Stage":
        for name in self.mix:
            if name not in TASKS:
                raise ValueError(f"mix names the task {name!r}; allowed: {', '.join(TASKS)}")
        if self.tokensPerStep < max(self.lengths):
            raise ValueError(f"tokensPerStep is {self.tokensPerStep}, less than the longest row of {max(self.lengths)}")
        if self.parts > self.tokensPerStep // max(self.lengths):
            raise ValueError(f"parts is {self.parts}; allowed: at most the {self.tokensPerStep // max(self.lengths)} rows of a step")
        return self


class Unseen(Strict):
    """How many of each relation's real wordings the base does not read, the last ones of the world's lists."""

    facts: Annotated[int, Field(ge=0)] = 0
    questions: Annotated[int, Field(ge=0)] = 0


class PretrainingConfig(Strict):
    """Everything that determines the weights, apart from the world, the code and the arithmetic of the machine."""

    seed: Annotated[int, Field(ge=0)]
    #: Folder of an earlier base of the same shape to go on from (relative to the config): its weights, those of its words that
    #: are still in the vocabulary. Null: from scratch.
    startFrom: str | None = None
    network: Network
    optimizer: Optimizer = Optimizer()
    unseen: Unseen = Unseen()
    stages: Annotated[list[Stage], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_layers(self) -> "PretrainingConfig":
        seeded = self.network.seededHeads
        for stage in self.stages:
            if stage.layers is not None and stage.layers > self.network.layers:
                raise ValueError(f"layers of stage {stage.name!r} is {stage.layers}; allowed: null, or 1 to {self.network.layers}")
            if stage.silence and max(stage.silence.layers) >= self.network.layers:
                raise ValueError(f"silence.layers of stage {stage.name!r} is {stage.silence.layers}; allowed: 1 to {self.network.layers - 1}")
        if seeded and max(seeded.matchingLayers) >= self.network.layers:
            raise ValueError(f"network.seededHeads.matchingLayers is {seeded.matchingLayers}; allowed: 1 to {self.network.layers - 1}")
        if seeded and seeded.matchingKvHeads and seeded.matchingKvHeads > self.network.kvHeads:
            raise ValueError(f"network.seededHeads.matchingKvHeads is {seeded.matchingKvHeads}; allowed: null, or 1 to {self.network.kvHeads}")
        return self

    @property
    def steps(self) -> int:
        return sum(stage.steps for stage in self.stages)

    def at(self, step: int) -> tuple[Stage, float]:
        """The stage of a step (from 0) and its learning rate."""
        start = 0
        for stage in self.stages:
            if step < start + stage.steps:
                first, last = stage.learningRate
                rate = first + (last - first) * (step - start) / stage.steps
                return stage, rate * min(1.0, (step + 1) / self.optimizer.warmupSteps)
            start += stage.steps
        raise ValueError(f"step {step} lies beyond the last of {self.steps}")


def load_config(path: str | Path) -> PretrainingConfig:
    """Reads a config; pydantic's error names the field, what was found and what is allowed."""
    return PretrainingConfig.model_validate_json(Path(path).read_text("utf-8"))
