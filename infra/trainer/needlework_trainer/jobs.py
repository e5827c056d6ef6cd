"""The job contract in pydantic: the same as `workflows/contracts/trainer.ts`, field for field.

JSON keys are camelCase, unknown keys are refused, and a refusal names field, what was found and what is allowed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from .errors import BadJob


class Contract(BaseModel):
    """Base of everything read from JSON: strict types, camelCase keys, no unknown keys."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, alias_generator=to_camel, allow_inf_nan=False, protected_namespaces=()
    )


Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]
Index = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]


class ModelRef(Contract):
    """Which weights to load and how; the last one loaded is kept between jobs."""

    path: Text
    rope_theta: Positive | None
    #: Left out: the base's own; None: no layer has one.
    sliding_window: Count | None = None
    dtype: Literal["float32", "bfloat16"]
    device: Literal["cpu", "cuda", "auto"]

    @property
    def sets_sliding_window(self) -> bool:
        """Whether the sliding window is to be another than the base's own."""
        return "sliding_window" in self.model_fields_set


class TrainSpec(Contract):
    """LoRA fine-tuning (paper, C.3)."""

    lora_rank: Count = 8
    lora_alpha: Positive = 8
    target_modules: Literal["attention", "all"] = "attention"
    learning_rate: Positive = 2e-4
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    warmup_share: Annotated[float, Field(ge=0, lt=1)] = 0.03
    epochs: Count = 1
    batch_size: Count = 1
    accumulation_steps: Count = 4
    max_grad_norm: Positive = 1
    loss: Literal["answer", "sequence"] = "answer"
    deepspeed: Literal["off", "zero-1", "zero-2"] = "off"


class ScoreSpec(Contract):
    """Head scoring (paper, section 4.1)."""

    decode: Literal["greedy", "teacher-forced"] = "greedy"
    gate: Literal["none", "correct"] = "none"
    counting: Literal["set", "multiset"] = "set"
    answer_spans: Literal["needle", "all"] = "needle"
    insight_match: Literal["position", "token"] = "position"


class PretrainSpec(Contract):
    """A tiny Llama-style base, vocabulary and weights both trained on the corpus."""

    vocabulary_size: Annotated[int, Field(ge=300, le=200_000)] = 4096
    layers: Annotated[int, Field(ge=1, le=64)] = 4
    hidden_size: Annotated[int, Field(ge=16, le=8192)] = 128
    attention_heads: Annotated[int, Field(ge=1, le=128)] = 8
    key_value_heads: Annotated[int, Field(ge=1, le=128)] = 4
    feed_forward_size: Annotated[int, Field(ge=16, le=32_768)] = 256
    rope_theta: Positive = 10_000
    context_tokens: Annotated[int, Field(ge=16)] = 256
    steps: Count = 300
    tokens_per_step: Annotated[int, Field(ge=16)] = 2048
    learning_rate: Positive = 3e-3
    #: Start with an induction circuit set by hand, then train on copying random tokens for `copying_steps`.
    seeded_induction: bool = False
    copying_steps: Annotated[int, Field(ge=0)] = 200


class JobBase(Contract):
    job_id: Text
    output_dir: Text
    seed: Index


class CheckpointSpec(Contract):
    """Where checkpoints lie, the one to go on from included, and the minutes between them."""

    folder: Text
    minutes: Positive


class TrainJob(JobBase):
    kind: Literal["train"]
    model: ModelRef
    train_file: str
    max_tokens: Count
    train: TrainSpec
    checkpoints: CheckpointSpec | None = None


class DecodingJob(JobBase):
    """What evaluate, score, mask and patch share: a model, perhaps an adapter, and prompts to answer."""

    model: ModelRef
    adapter_dir: str | None
    data_file: str
    #: A longer prompt is an error, not a truncation; None: as long as the model can read.
    max_prompt_tokens: Count | None = None
    max_new_tokens: Annotated[int, Field(ge=1, le=1024)]
    max_examples: Count | None


class EvaluateJob(DecodingJob):
    kind: Literal["evaluate"]


class ScoreJob(DecodingJob):
    kind: Literal["score"]
    score: ScoreSpec


# Read from JSON, where a tuple is an array: [layer, head], both from 0.
Head = tuple[Index, Index]


class HeadSet(Contract):
    id: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")]
    heads: list[Head]


class MaskJob(DecodingJob):
    kind: Literal["mask"]
    mode: Literal["zero", "uniform"] = "zero"
    head_sets: list[HeadSet]


class PatchJob(DecodingJob):
    """The model of `real_adapter_dir` lends the outputs of heads to that of `adapter_dir`, which answers."""

    kind: Literal["patch"]
    adapter_dir: str
    real_adapter_dir: str
    head_sets: list[HeadSet]


class PretrainJob(JobBase):
    kind: Literal["pretrain"]
    corpus_files: Annotated[list[str], Field(min_length=1)]
    pretrain: PretrainSpec


class EncoderRef(Contract):
    """Which text encoder to load and how."""

    path: Text
    dtype: Literal["float32", "bfloat16"]
    device: Literal["cpu", "cuda", "auto"]


class RankSpec(Contract):
    """How a dense retriever ranks passages; Contriever's own settings by default."""

    top: Annotated[int, Field(ge=1, le=100_000)] = 500
    max_tokens: Annotated[int, Field(ge=2, le=65_536)] = 512
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    similarity: Literal["dot", "cosine"] = "dot"
    question_prefix: str = ""
    passage_prefix: str = ""


class RankJob(JobBase):
    kind: Literal["rank"]
    encoder: EncoderRef
    passages_file: str
    question_files: Annotated[list[str], Field(min_length=1)]
    rank: RankSpec


TrainerJob = Annotated[
    Union[TrainJob, EvaluateJob, ScoreJob, MaskJob, PatchJob, PretrainJob, RankJob], Field(discriminator="kind")
]
AnyJob = TrainJob | EvaluateJob | ScoreJob | MaskJob | PatchJob | PretrainJob | RankJob
_JOB = TypeAdapter(TrainerJob)


def read_job(path: str) -> AnyJob:
    """The job in a file, checked against the contract and the disk. Raises `BadJob`."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadJob(f"job: found no readable file at {path} ({error}); allowed: a JSON job file", field="job")
    job = parse_job(text)
    _check_output_dir(job.output_dir)
    return job


def parse_job(text: str) -> AnyJob:
    """The job that a JSON text holds. Raises `BadJob` naming every wrong field."""
    try:
        return _JOB.validate_json(text)
    except ValidationError as error:
        field, message = explain(error, TrainerJob)
        raise BadJob(message, field=field)


def job_id_of(path: str) -> str | None:
    """The id in a job file that may be wrong otherwise, so that its refusal can be told apart."""
    try:
        job_id = json.loads(Path(path).read_text(encoding="utf-8"))["jobId"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return job_id if isinstance(job_id, str) else None


def json_schema() -> dict[str, Any]:
    """JSON Schema of the contract, for comparison with the TypeScript one."""
    return _JOB.json_schema(by_alias=True)


def explain(error: ValidationError, contract: Any) -> tuple[str | None, str]:
    """First field at fault and one message for all faults: `field: found …; allowed: …`."""
    fields, messages = [], []
    for fault in error.errors(include_url=False):
        location = [part for part in fault["loc"]]
        # pydantic puts the branch of the union that was tried ("train") before the field.
        models = _branches(contract)
        if len(models) > 1 and location and location[0] in models:
            model = models[location.pop(0)]
        else:
            model = next(iter(models.values())) if len(models) == 1 else None
        if fault["type"] in ("union_tag_not_found", "union_tag_invalid"):
            location.append("kind")
            allowed = "one of " + ", ".join(repr(kind) for kind in models)
            found = repr(fault["ctx"]["tag"]) if fault["type"] == "union_tag_invalid" else "nothing"
        elif fault["type"] == "missing":
            found, allowed = "nothing", "a value is required"
        elif fault["type"] == "extra_forbidden":
            found = "an unknown field"
            allowed = "only " + ", ".join(_fields_at(model, location[:-1]))
        elif fault["type"] == "json_invalid":
            found, allowed = fault["msg"], "a JSON object"
        else:
            shown = json.dumps(fault["input"], ensure_ascii=False, default=repr)
            found = shown if len(shown) <= 120 else shown[:117] + "..."
            allowed = fault["msg"].removeprefix("Input should be ")
        field = ".".join(str(part) for part in location)
        fields.append(field)
        messages.append(f"{field or 'job'}: found {found}; allowed: {allowed}")
    return fields[0] or None, " | ".join(messages)


def _branches(contract: Any) -> dict[str, type[Contract]]:
    """Contract classes by the tag that selects them; a single class stands under its own name."""
    if isinstance(contract, type):
        return {contract.__name__: contract}
    models = get_args(get_args(contract)[0])
    return {get_args(model.model_fields["kind"].annotation)[0]: model for model in models}


def _fields_at(model: Any, location: list[Any]) -> list[str]:
    """JSON names of the fields allowed at a path inside a contract."""
    for part in location:
        if isinstance(part, int):
            continue
        annotation = next(f.annotation for f in model.model_fields.values() if f.alias == part)
        candidates = [annotation, *get_args(annotation)]
        model = next(c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel))
    return [field.alias for field in model.model_fields.values()]


def _check_output_dir(path: str) -> None:
    if not os.path.isdir(path):
        raise BadJob(f"outputDir: found no folder at {path}; allowed: an existing empty folder", field="outputDir")
    if os.listdir(path):
        raise BadJob(f"outputDir: found a folder that is not empty at {path}; allowed: an existing empty folder", field="outputDir")


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2, sort_keys=True))
