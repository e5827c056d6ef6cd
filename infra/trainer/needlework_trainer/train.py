"""The train job: LoRA fine-tuning with TRL and PEFT (paper, appendix C.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accelerate.state import AcceleratorState

from .adapters import restored, save_adapter
from .answer_trainer import PACE, STEPS, AnswerTrainer
from .attention_kernels import use_best_kernel
from .checkpoints import Checkpoints
from .data import read_prompts
from .deepspeed_zero import alone, check_deepspeed, version_of
from .jobs import TrainJob
from .loss import IGNORED
from .models import Base
from .outputs import write_jsonl
from .pace import throughput
from .prompts import check_positions
from .protocol import Progress
from .results import JobResult
from .runtime import versions
from .training_rows import TrainingRow, digest, training_row


def run(job: TrainJob, base: Base, progress: Progress) -> JobResult:
    """Train an adapter; write it, `steps.jsonl` and `pace.jsonl`. The base is left as it was.

    All files but `pace.jsonl` depend on the job alone, whether or not the training was cut off and resumed.
    """
    def warn(text: str) -> None:
        progress.log("warning", text)

    check_deepspeed(job.train, base.device)
    prompts = read_prompts(job.train_file, base.tokenizer)
    rows = [training_row(p, base.tokenizer, job.train.loss, job.max_tokens) for p in prompts]
    for prompt, row in zip(prompts, rows, strict=True):
        check_positions(base, prompt, len(row.input_ids))
    folder = Path(job.output_dir)
    checkpoints = job.checkpoints and Checkpoints(job.checkpoints, identity(job, base, rows), warn)
    # accelerate keeps device and precision per process; a job may ask for others than the last one did.
    AcceleratorState._reset_state(True)
    with restored(base), alone(job.train, base.device):
        attention = use_best_kernel(base.model, warn)
        trainer = AnswerTrainer(job, base, rows, progress, checkpoints)
        trainer.run()
        save_adapter(trainer.model, base, folder)
        trainable = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    write_jsonl(folder / STEPS, trainer.steps)
    write_jsonl(folder / PACE, trainer.pace.entries)
    last = trainer.steps[-max(1, len(trainer.steps) // 10) :]
    summary = {
        "examples": len(rows),
        "steps": len(trainer.steps),
        "firstLoss": trainer.steps[0]["loss"],
        "finalLoss": sum(step["loss"] for step in last) / len(last),
        "trainableParameters": trainable,
        "tokens": sum(step["tokens"] for step in trainer.steps),
        "lossTokens": job.train.epochs * sum(label != IGNORED for row in rows for label in row.labels[1:]),
    }
    engine = {} if job.train.deepspeed == "off" else {"deepspeed": f"{job.train.deepspeed}, {version_of(job.train)}"}
    return JobResult(summary, {**throughput(trainer.pace.entries), "attention": attention, **engine, "resumedFromStep": trainer.resumed_from})


def identity(job: TrainJob, base: Base, rows: list[TrainingRow]) -> dict[str, Any]:
    """What two trainings have in common if one can go on where the other was cut off and end with the same adapter."""
    return {
        "base": base.fingerprint,
        "rows": digest(rows),
        "train": job.train.model_dump(by_alias=True),
        "seed": job.seed,
        "model": job.model.model_dump(by_alias=True, include={"rope_theta", "dtype"}),
        "device": base.device.type,
        "versions": {**versions(), "deepspeed": version_of(job.train)},
    }
