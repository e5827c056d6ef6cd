"""TRL's trainer with this project's rows, loss, schedule, checkpoints and records."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch.optim.lr_scheduler import LambdaLR, LRScheduler
from transformers.trainer_callback import PrinterCallback, TrainerCallback
from trl import SFTConfig, SFTTrainer

from .adapters import load_weights, lora_config, save_weights
from .checkpoints import Checkpoints, name_of
from .data import read_jsonl
from .deepspeed_zero import engine_config, engine_loss
from .errors import NaNLoss
from .jobs import TrainJob
from .loss import summed_loss
from .models import Base
from .outputs import write_jsonl
from .pace import Pace
from .protocol import Progress
from .schedule import learning_rate_share, warmup_steps
from .training_rows import TrainingRow, collate

STEPS, PACE = "steps.jsonl", "pace.jsonl"
# Activations above this are recomputed in the backward pass rather than kept.
_KEPT_ACTIVATION_BYTES = 4 * 2**30


class AnswerTrainer(SFTTrainer):
    """Trains on rows; evaluates and prints nothing.

    `steps` holds one entry per optimizer step: step (from 1), loss, learningRate, gradNorm (before clipping) and tokens (without
    padding). They depend on the job alone. `pace` holds what does not: seconds, tokens per second, peak memory.
    """

    # `compute_loss` divides by the labelled tokens of the whole accumulated batch, as one large batch would.
    loss_is_scaled_for_ga = True

    def __init__(self, job: TrainJob, base: Base, rows: list[TrainingRow], progress: Progress, checkpoints: Checkpoints | None):
        spec = job.train
        steps_per_epoch = math.ceil(math.ceil(len(rows) / spec.batch_size) / spec.accumulation_steps)
        self._total = steps_per_epoch * spec.epochs
        self._spec, self._progress, self._checkpoints = spec, progress, checkpoints
        self.steps: list[dict[str, Any]] = []
        self.pace = Pace()
        self.resumed_from = 0
        self._tokens = 0
        pad_id = base.tokenizer.pad_id
        longest = max(len(row.input_ids) for row in rows)
        super().__init__(
            model=base.model,
            args=on_one_device(SFTConfig(
                output_dir=job.output_dir,
                seed=job.seed % 2**32,
                num_train_epochs=spec.epochs,
                per_device_train_batch_size=spec.batch_size,
                gradient_accumulation_steps=spec.accumulation_steps,
                learning_rate=spec.learning_rate,
                max_grad_norm=spec.max_grad_norm,
                weight_decay=0.0,
                optim="adamw_torch",
                # TRL would otherwise cut prompts to 1,024 tokens, question and answer first.
                max_length=None,
                dataset_kwargs={"skip_prepare_dataset": True},
                gradient_checkpointing=needs_checkpointing(base, spec.batch_size * longest),
                bf16=job.model.dtype == "bfloat16" and spec.deepspeed == "off",
                deepspeed=None if spec.deepspeed == "off" else engine_config(spec, base.model.dtype),
                # accelerate leaves DeepSpeed out where it is told to take the CPU; where there is nothing else it takes it anyway.
                use_cpu=base.device.type == "cpu" and spec.deepspeed == "off",
                dataloader_pin_memory=base.device.type != "cpu",
                logging_steps=1,
                logging_nan_inf_filter=False,
                # By time, not by steps: `_WhenDue`.
                save_strategy="no",
                eval_strategy="no",
                report_to="none",
                disable_tqdm=True,
            )),
            train_dataset=Dataset.from_dict({"input_ids": [r.input_ids for r in rows], "labels": [r.labels for r in rows]}),
            data_collator=lambda batch: collate(batch, pad_id),
            processing_class=base.tokenizer.fast,
            peft_config=lora_config(base, spec),
        )
        self.remove_callback(PrinterCallback)
        if checkpoints is not None:
            self.add_callback(_WhenDue(checkpoints))

    def run(self) -> None:
        """Train to the end, from the newest checkpoint of this run where there is one."""
        folder = self._checkpoints and self._checkpoints.newest()
        if folder is not None:
            self.steps = read_jsonl(folder / STEPS)
            self.pace = Pace(read_jsonl(folder / PACE))
            self.resumed_from = len(self.steps)
            self._progress.log("info", f"goes on after step {self.resumed_from} of {self._total}")
        self.pace.resume()
        try:
            self.train(resume_from_checkpoint=folder and str(folder))
        finally:
            if hasattr(self.model_wrapped, "destroy"):
                # DeepSpeed's engine holds on to the model by its hooks.
                self.model_wrapped.destroy()

    def create_scheduler(self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None) -> LRScheduler:
        """The schedule of the spec, in place of transformers' own."""
        warmup = warmup_steps(self._spec.warmup_share, num_training_steps)
        self.lr_scheduler = LambdaLR(optimizer or self.optimizer, lambda index: learning_rate_share(self._spec.schedule, index, warmup, num_training_steps))
        self._created_lr_scheduler = True
        return self.lr_scheduler

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """Mean loss per labelled token of the accumulated batch. Raises `NaNLoss`."""
        summed = summed_loss(model, inputs) if self._spec.deepspeed == "off" else engine_loss(model, inputs)
        loss = summed / num_items_in_batch
        if not torch.isfinite(loss):
            raise _not_finite("loss", loss.item(), self.state.global_step + 1)
        mask = inputs.get("attention_mask")
        self._tokens += inputs["input_ids"].numel() if mask is None else int(mask.sum())
        return loss

    def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
        """Keep the numbers of one step; the library's own logging is left out. Raises `NaNLoss`."""
        if "loss" not in logs:
            return
        number, tokens = self.state.global_step, self._tokens
        self._tokens = 0
        step = {"step": number, "loss": logs["loss"], "learningRate": logs["learning_rate"], "gradNorm": logs["grad_norm"], "tokens": tokens}
        # DeepSpeed reports a norm of -1 for one that is no finite number.
        if not math.isfinite(step["gradNorm"]) or step["gradNorm"] < 0:
            raise _not_finite("gradient", step["gradNorm"], number)
        self.steps.append(step)
        pace = self.pace.step(number, tokens)
        self._progress.report(
            "train",
            number,
            self._total,
            "steps",
            **{name: step[name] for name in ("loss", "learningRate", "gradNorm", "tokens")},
            tokensPerSecond=pace["tokensPerSecond"],
            peakMemoryMiB=pace["peakMemoryMiB"],
        )

    def _save_checkpoint(self, model, trial) -> None:
        """Adapter, optimizer, schedule, random states, position in the data, and the records so far."""
        number = self.state.global_step
        with self._checkpoints.writing(number) as folder:
            save_weights(self.model, folder)
            self._save_optimizer_and_scheduler(str(folder))
            self._save_rng_state(str(folder))
            self.state.save_to_json(str(folder / "trainer_state.json"))
            write_jsonl(folder / STEPS, self.steps)
            write_jsonl(folder / PACE, self.pace.entries)
        self._progress.checkpoint(name_of(number), number)
        self.pace.resume()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model=None) -> None:
        load_weights(self.model, Path(resume_from_checkpoint))


class _WhenDue(TrainerCallback):
    """Asks for a checkpoint after a step when it is time, but not after the last one: the results follow at once."""

    def __init__(self, checkpoints: Checkpoints):
        self._checkpoints = checkpoints

    def on_step_end(self, args, state, control, **kwargs):
        if state.global_step < state.max_steps and self._checkpoints.due():
            control.should_save = True
        return control


def on_one_device(config: SFTConfig) -> SFTConfig:
    """Where a process sees several GPUs, transformers would otherwise give each of them a batch of every step."""
    config._n_gpu = min(config.n_gpu, 1)
    return config


def needs_checkpointing(base: Base, tokens: int) -> bool:
    """Whether a forward pass over `tokens` would keep more activations than is sensible, so that they are to be recomputed."""
    config = base.model.config.get_text_config()
    # Roughly what a decoder layer keeps per token: inputs of norms and projections, queries, keys and values.
    per_layer = 10 * config.hidden_size + 3 * getattr(config, "intermediate_size", 4 * config.hidden_size)
    return tokens * config.num_hidden_layers * per_layer * base.model.dtype.itemsize > _KEPT_ACTIVATION_BYTES


def _not_finite(what: str, value: float, step: int) -> NaNLoss:
    return NaNLoss(f"the {what} became {value} at step {step}; a lower train.learningRate may help", field="train.learningRate")
