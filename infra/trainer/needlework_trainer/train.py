"""The train job: LoRA fine-tuning with TRL and PEFT (paper, appendix C.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate.state import AcceleratorState
from datasets import Dataset
from torch.nn.functional import cross_entropy
from transformers.trainer_callback import PrinterCallback
from trl import SFTConfig, SFTTrainer

from .adapters import lora_config, restored, save_adapter
from .data import Prompt, read_prompts
from .errors import NaNLoss, PromptTooLong
from .jobs import TrainJob
from .models import Base
from .outputs import write_jsonl
from .protocol import Progress
from .results import JobResult, tokens_per_second
from .tokens import ModelTokenizer

IGNORED = -100
_SCHEDULES = {"cosine": "cosine", "linear": "linear", "constant": "constant_with_warmup"}
# Activations above this are recomputed in the backward pass rather than kept.
_KEPT_ACTIVATION_BYTES = 4 * 2**30


@dataclass(frozen=True)
class TrainingRow:
    """One example as the model is trained on it: tokens, and the same tokens where they carry loss, else -100."""

    input_ids: list[int]
    labels: list[int]


def run(job: TrainJob, base: Base, progress: Progress) -> JobResult:
    """Train an adapter; write it and `steps.jsonl`. The base is left as it was."""
    prompts = read_prompts(job.train_file, base.tokenizer)
    rows = [training_row(p, base.tokenizer, job.train.loss, job.max_tokens) for p in prompts]
    folder = Path(job.output_dir)
    # accelerate keeps device and precision per process; a job may ask for others than the last one did.
    AcceleratorState._reset_state(True)
    with restored(base):
        clock = tokens_per_second()
        trainer = AnswerTrainer(job, base, rows, progress)
        trainer.train()
        tokens = job.train.epochs * sum(len(row.input_ids) for row in rows)
        speed = clock(tokens)
        save_adapter(trainer.model, base, folder)
        trainable = sum(p.numel() for p in trainer.model.parameters() if p.requires_grad)
    write_jsonl(folder / "steps.jsonl", trainer.steps)
    last = trainer.steps[-max(1, len(trainer.steps) // 10) :]
    summary = {
        "examples": len(rows),
        "steps": len(trainer.steps),
        "firstLoss": trainer.steps[0]["loss"],
        "finalLoss": sum(step["loss"] for step in last) / len(last),
        "trainableParameters": trainable,
        "tokens": tokens,
        "lossTokens": job.train.epochs * sum(label != IGNORED for row in rows for label in row.labels[1:]),
    }
    return JobResult(summary, speed)


def training_row(prompt: Prompt, tokenizer: ModelTokenizer, loss: str, max_tokens: int) -> TrainingRow:
    """`prompt + " " + answer + end-of-sequence`. Raises `PromptTooLong` if prompt and answer exceed `max_tokens`."""
    answer = tokenizer.encode_answer(prompt.example.prompt, prompt.ids, prompt.example.answer)
    length = len(prompt.ids) + len(answer)
    if length > max_tokens:
        raise PromptTooLong(f"maxTokens: example {prompt.example.id!r} has {length} tokens (prompt and answer); allowed: at most {max_tokens}", field="maxTokens")
    ids = [*prompt.ids, *answer, tokenizer.eos_id]
    labels = list(ids) if loss == "sequence" else [IGNORED] * len(prompt.ids) + ids[len(prompt.ids) :]
    return TrainingRow(ids, labels)


def collate(rows: list[dict[str, list[int]]], pad_id: int) -> dict[str, torch.Tensor]:
    """Pad rows on the right. Without padding there is no attention mask, so the causal fast path is taken."""
    longest = max(len(row["input_ids"]) for row in rows)
    ids = torch.full((len(rows), longest), pad_id)
    labels = torch.full((len(rows), longest), IGNORED)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for i, row in enumerate(rows):
        n = len(row["input_ids"])
        ids[i, :n], labels[i, :n], mask[i, :n] = torch.tensor(row["input_ids"]), torch.tensor(row["labels"]), 1
    batch = {"input_ids": ids, "labels": labels}
    return batch if mask.all() else {**batch, "attention_mask": mask}


def summed_loss(model: torch.nn.Module, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """Sum of the cross entropy over all labelled tokens, the LM head computed at their positions only.

    At 32K tokens and a vocabulary of 128K, all logits would take 16 GB; the answer's take a few hundred KB.
    """
    targets = batch["labels"][:, 1:]
    # Positions that predict a labelled token in any row of the batch.
    positions = (targets != IGNORED).any(dim=0).nonzero().flatten()
    logits = model(
        input_ids=batch["input_ids"], attention_mask=batch.get("attention_mask"), use_cache=False, logits_to_keep=positions
    ).logits
    return cross_entropy(logits.flatten(0, 1).float(), targets[:, positions].flatten(), ignore_index=IGNORED, reduction="sum")


class AnswerTrainer(SFTTrainer):
    """TRL's trainer with this project's rows, loss and step log; it saves, evaluates and prints nothing.

    `steps` holds one entry per optimizer step: step (from 1), loss, learningRate, gradNorm (before clipping).
    """

    # `compute_loss` divides by the labelled tokens of the whole accumulated batch, as one large batch would.
    loss_is_scaled_for_ga = True

    def __init__(self, job: TrainJob, base: Base, rows: list[TrainingRow], progress: Progress):
        spec = job.train
        steps_per_epoch = math.ceil(math.ceil(len(rows) / spec.batch_size) / spec.accumulation_steps)
        self._total = steps_per_epoch * spec.epochs
        self._progress, self.steps = progress, []
        pad_id = base.tokenizer.pad_id
        longest = max(len(row.input_ids) for row in rows)
        super().__init__(
            model=base.model,
            args=SFTConfig(
                output_dir=job.output_dir,
                seed=job.seed % 2**32,
                num_train_epochs=spec.epochs,
                per_device_train_batch_size=spec.batch_size,
                gradient_accumulation_steps=spec.accumulation_steps,
                learning_rate=spec.learning_rate,
                lr_scheduler_type=_SCHEDULES[spec.schedule],
                # The schedule begins at 0: a run of one step would train nothing.
                warmup_steps=min(math.ceil(spec.warmup_share * self._total), self._total - 1),
                max_grad_norm=spec.max_grad_norm,
                weight_decay=0.0,
                optim="adamw_torch",
                # TRL would otherwise cut prompts to 1,024 tokens, question and answer first.
                max_length=None,
                dataset_kwargs={"skip_prepare_dataset": True},
                gradient_checkpointing=needs_checkpointing(base, spec.batch_size * longest),
                bf16=job.model.dtype == "bfloat16",
                use_cpu=base.device.type == "cpu",
                dataloader_pin_memory=base.device.type != "cpu",
                logging_steps=1,
                logging_nan_inf_filter=False,
                save_strategy="no",
                eval_strategy="no",
                report_to="none",
                disable_tqdm=True,
            ),
            train_dataset=Dataset.from_dict({"input_ids": [r.input_ids for r in rows], "labels": [r.labels for r in rows]}),
            data_collator=lambda batch: collate(batch, pad_id),
            processing_class=base.tokenizer.fast,
            peft_config=lora_config(base, spec),
        )
        self.remove_callback(PrinterCallback)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        """Mean loss per labelled token of the accumulated batch. Raises `NaNLoss`."""
        loss = summed_loss(model, inputs) / num_items_in_batch
        if not torch.isfinite(loss):
            raise NaNLoss(f"the loss became {loss.item()} at step {self.state.global_step + 1}; a lower train.learningRate may help", field="train.learningRate")
        return loss

    def log(self, logs: dict[str, Any], start_time: float | None = None) -> None:
        """Keep the numbers of one step; the library's own logging is left out."""
        if "loss" not in logs:
            return
        step = {"step": self.state.global_step, "loss": logs["loss"], "learningRate": logs["learning_rate"], "gradNorm": logs["grad_norm"]}
        if not math.isfinite(step["gradNorm"]):
            raise NaNLoss(f"the gradient became {step['gradNorm']} at step {step['step']}; a lower train.learningRate may help", field="train.learningRate")
        self.steps.append(step)
        self._progress.report("train", step["step"], self._total, "steps", loss=step["loss"], learningRate=step["learningRate"])


def needs_checkpointing(base: Base, tokens: int) -> bool:
    """Whether a forward pass over `tokens` would keep more activations than is sensible."""
    config = base.model.config.get_text_config()
    # Roughly what a decoder layer keeps per token: inputs of norms and projections, queries, keys and values.
    per_layer = 10 * config.hidden_size + 3 * getattr(config, "intermediate_size", 4 * config.hidden_size)
    return tokens * config.num_hidden_layers * per_layer * base.model.dtype.itemsize > _KEPT_ACTIVATION_BYTES
