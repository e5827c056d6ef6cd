"""Training: ours against plain `SFTTrainer` with its defaults; the same adapter, examples, batches and labels."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from .child import Child, seconds_of
from .shape import SIZES, example, make_folder, model_ref
from .table import mib, ratios, row, unit, where

# What both have: the paper's adapter and batches (appendix C.3).
RANK, ALPHA, RATE, ACCUMULATION = 8, 8, 2e-4, 4


def ours(folder: str, size: str, device: str):
    from needlework_trainer import train
    from needlework_trainer.jobs import ModelRef, parse_job
    from needlework_trainer.models import load_base
    from needlework_trainer.protocol import Progress

    base = load_base(ModelRef.model_validate(model_ref(Path(folder), size, device)))

    class Quiet(Progress):
        def __init__(self):
            pass

        def report(self, *_, **__):
            pass

    def run(data: str, longest: int):
        with tempfile.TemporaryDirectory() as out:
            shared = {"jobId": "j", "outputDir": out, "seed": 0, "model": model_ref(Path(folder), size, device), "trainFile": data, "maxTokens": longest}
            spec = {"learningRate": RATE, "loraRank": RANK, "loraAlpha": ALPHA, "accumulationSteps": ACCUMULATION, "schedule": "linear", "warmupShare": 0}
            return train.run(parse_job(json.dumps({"kind": "train", **shared, "train": spec})), base, Quiet()).summary["firstLoss"]

    return run


def plain(folder: str, size: str, device: str):
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    from needlework_trainer.data import read_prompts
    from needlework_trainer.tokens import ModelTokenizer

    tokenizer = ModelTokenizer.load(Path(folder))

    def run(data: str, longest: int):
        rows = []
        for prompt in read_prompts(data, tokenizer):
            answer = [*tokenizer.encode_answer(prompt.example.prompt, prompt.ids, prompt.example.answer), tokenizer.eos_id]
            rows.append({"input_ids": prompt.ids + answer, "completion_mask": [0] * len(prompt.ids) + [1] * len(answer)})
        with tempfile.TemporaryDirectory() as out:
            trainer = SFTTrainer(
                model=AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, SIZES[size].dtype)),
                # Its default would cut every example to 1,024 tokens; device and precision as ours.
                args=SFTConfig(
                    output_dir=out, max_length=longest + 1, per_device_train_batch_size=1, gradient_accumulation_steps=ACCUMULATION, learning_rate=RATE,
                    num_train_epochs=1, bf16=SIZES[size].dtype == "bfloat16", use_cpu=device == "cpu", completion_only_loss=True, report_to="none", save_strategy="no", logging_steps=1, disable_tqdm=True,
                ),
                train_dataset=Dataset.from_list(rows),
                processing_class=AutoTokenizer.from_pretrained(folder),
                peft_config=LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=["q_proj", "k_proj", "v_proj", "o_proj"], task_type="CAUSAL_LM"),
            )
            trainer.train()
            return next(log["loss"] for log in trainer.state.log_history if "loss" in log)

    return run


def bench(folder: Path, size: str, contexts: list[int], answer: int, repeats: int, device: str) -> None:
    make_folder(folder, size, device)
    print(f"\nTraining: {size} random model, {ACCUMULATION} examples in one step of 1 x {ACCUMULATION}, LoRA r={RANK} on q, k, v, o, {answer} answer tokens, {where(device)}")
    print(f"How many times ours the plain SFTTrainer takes ({unit(device)}), and peak memory, model included\n")
    row("context", "ours", "tokens/s", "SFTTrainer: time", "memory: ours", "SFTTrainer", "first loss, both")
    for context in contexts:
        data = folder / f"train-{context}.jsonl"
        data.write_text("".join(json.dumps(example(size, context, answer, seed)) + "\n" for seed in range(ACCUMULATION)))
        warm = folder / "warm.jsonl"
        warm.write_text("".join(json.dumps(example(size, 32, 2, seed)) + "\n" for seed in range(ACCUMULATION)))
        arguments = (str(folder), size, device)
        mine, others = [], []
        with Child(ours, *arguments) as a, Child(plain, *arguments) as b:
            for child in (a, b):
                child.run(str(warm), 64)
            for _ in range(repeats):
                mine.append(a.run(str(data), context + answer))
                try:
                    others.append(b.run(str(data), context + answer))
                except RuntimeError:
                    # All logits of a long context fit on few machines. Its own words are on standard error.
                    break
        fits = len(others) == repeats
        took = [seconds_of(run, device) for run in mine]
        row(
            f"{context:,}",
            f"{min(took):.2f} s",
            f"{ACCUMULATION * (context + answer) / min(took):,.0f}",
            ratios([seconds_of(run, device) for run in others], took) if fits else "failed",
            mib(max(run.peak for run in mine)),
            mib(max(run.peak for run in others)) if fits else "-",
            f"{mine[0].value:.4f}, {others[0].value:.4f}" if fits else f"{mine[0].value:.4f}",
        )
