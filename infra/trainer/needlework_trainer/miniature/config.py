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
    """Shape of the LlamaForCausalLM, and how its weights are drawn."""

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
    #: Null: nothing is set by hand, all heads form in training.
    seededHeads: SeededHeads | None = None


class SeededHeads(Strict):
    """Heads that begin set by hand (needlework_trainer/seeding.py) rather than at random."""

    previousKvHeads: Positive
    matchingLayers: Annotated[list[Positive], Field(min_length=1)]


class Optimizer(Strict):
    """AdamW, the same in all stages; steps of warm-up are counted once, from the first stage on."""

    betas: tuple[float, float] = (0.9, 0.98)
    weightDecay: Rate = 0.01
    maxGradNorm: Annotated[float, Field(gt=0)] = 1.0
    warmupSteps: Positive = 100


class Stage(Strict):
    """Some steps on one mix of tasks; the learning rate goes linearly from the first value to the second."""

    name: str
    steps: Positive
    #: Row lengths in tokens; a step takes the last in three cases of four, else any.
    lengths: Annotated[list[Annotated[int, Field(ge=32)]], Field(min_length=1)]
    tokensPerStep: Positive
    learningRate: tuple[Rate, Rate]
    #: How many of the vocabulary's words random words are drawn from; null: all of them.
    randomWords: Positive | None = None
    #: Whether a step's rows are all of one task, drawn anew for each step, or each of a task of its own.
    taskPer: Literal["step", "row"] = "step"
    #: Share of each task among the steps, or among a step's rows.
    mix: Annotated[dict[str, Annotated[float, Field(gt=0)]], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_tasks(self) -> "Stage":
        for name in self.mix:
            if name not in TASKS:
                raise ValueError(f"mix names the task {name!r}; allowed: {', '.join(TASKS)}")
        if self.tokensPerStep < max(self.lengths):
            raise ValueError(f"tokensPerStep is {self.tokensPerStep}, less than the longest row of {max(self.lengths)}")
        return self


class PretrainingConfig(Strict):
    """Everything that determines the weights, apart from the world, the code and the arithmetic of the machine."""

    seed: Annotated[int, Field(ge=0)]
    network: Network
    optimizer: Optimizer = Optimizer()
    stages: Annotated[list[Stage], Field(min_length=1)]

    @model_validator(mode="after")
    def _known_layers(self) -> "PretrainingConfig":
        seeded = self.network.seededHeads
        if seeded and max(seeded.matchingLayers) >= self.network.layers:
            raise ValueError(f"network.seededHeads.matchingLayers is {seeded.matchingLayers}; allowed: 1 to {self.network.layers - 1}")
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
