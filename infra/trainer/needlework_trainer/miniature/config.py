"""The pretraining config (JSON): the network, the seed and the stages. Checked with pydantic; unknown keys are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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


class Optimizer(Strict):
    """AdamW, the same in all stages; steps of warm-up are counted once, from the first stage on."""

    betas: tuple[float, float] = (0.9, 0.98)
    weightDecay: Rate = 0.01
    maxGradNorm: Annotated[float, Field(gt=0)] = 1.0
    warmupSteps: Positive = 100


class Copy(Strict):
    """
    Progressive stacking (Gong et al. 2019): a trained layer is copied over others, so that what formed in it starts in
    all of them. The output of each (the original's too) is scaled, since there are now several to write the same.
    """

    layer: Annotated[int, Field(ge=0)]
    over: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    scale: Annotated[float, Field(gt=0)]


class Stage(Strict):
    """Some steps on one mix of tasks; the learning rate goes linearly from the first value to the second."""

    name: str
    steps: Positive
    #: Row lengths in tokens; each step draws one.
    lengths: Annotated[list[Annotated[int, Field(ge=32)]], Field(min_length=1)]
    tokensPerStep: Positive
    learningRate: tuple[Rate, Rate]
    #: Steps in which the rate goes from the first value to the second; null: the stage's own. A stage may end before.
    rateSteps: Positive | None = None
    #: Done before the stage's first step; the optimiser starts afresh then.
    copyLayer: Copy | None = None
    #: How many of the vocabulary's words random words are drawn from; null: all of them.
    randomWords: Positive | None = None
    #: Share of each task among a step's rows.
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
        for i, stage in enumerate(self.stages):
            copy = stage.copyLayer
            if copy and max(copy.layer, *copy.over) >= self.network.layers:
                raise ValueError(f"stages.{i}.copyLayer names layers up to {max(copy.layer, *copy.over)}, allowed: 0 to {self.network.layers - 1}")
        return self

    def starting_at(self, step: int) -> Stage | None:
        """The stage whose first step is this one, if any."""
        start = 0
        for stage in self.stages:
            if step == start:
                return stage
            start += stage.steps
        return None

    @property
    def steps(self) -> int:
        return sum(stage.steps for stage in self.stages)

    def at(self, step: int) -> tuple[Stage, float]:
        """The stage of a step (from 0) and its learning rate."""
        start = 0
        for stage in self.stages:
            if step < start + stage.steps:
                first, last = stage.learningRate
                rate = first + (last - first) * (step - start) / (stage.rateSteps or stage.steps)
                return stage, rate * min(1.0, (step + 1) / self.optimizer.warmupSteps)
            start += stage.steps
        raise ValueError(f"step {step} lies beyond the last of {self.steps}")


def load_config(path: str | Path) -> PretrainingConfig:
    """Reads a config; pydantic's error names the field, what was found and what is allowed."""
    return PretrainingConfig.model_validate_json(Path(path).read_text("utf-8"))
