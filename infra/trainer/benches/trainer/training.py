"""Training: ours against plain `SFTTrainer` with its defaults; the same adapter, examples, batches and labels."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from .child import Child
from .shape import example, make_folder, model_ref
from .table import mib, ratios, row

# What both have: the paper's adapter and batches (appendix C.3).
RANK, ALPHA, RATE, ACCUMULATION = 8, 8, 2e-4, 4


def ours(folder: str):
    from needlework_trainer import train
    from needlework_trainer.jobs import ModelRef, parse_job
    from needlework_trainer.models import load_base
    from needlework_trainer.protocol import Progress

    base = load_base(ModelRef.model_validate(model_ref(Path(folder))))

    class Quiet(Progress):
        def __init__(self):
            pass

        def report(self, *_, **__):
            pass

    def run(data: str, longest: int):
        with tempfile.TemporaryDirectory() as out:
            shared = {"jobId": "j", "outputDir": out, "seed": 0, "model": model_ref(Path(folder)), "trainFile": data, "maxTokens": longest}
            spec = {"learningRate": RATE, "loraRank": RANK, "loraAlpha": ALPHA, "accumulationSteps": ACCUMULATION, "schedule": "linear", "warmupShare": 0}
            return train.run(parse_job(json.dumps({"kind": "train", **shared, "train": spec})), base, Quiet()).summary["firstLoss"]

    return run


def plain(folder: str):
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
                model=AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32),
                # Its default would cut every example to 1,024 tokens; float32 on the CPU as ours.
                args=SFTConfig(
                    output_dir=out, max_length=longest + 1, per_device_train_batch_size=1, gradient_accumulation_steps=ACCUMULATION, learning_rate=RATE,
                    num_train_epochs=1, bf16=False, use_cpu=True, completion_only_loss=True, report_to="none", save_strategy="no", logging_steps=1, disable_tqdm=True,
                ),
                train_dataset=Dataset.from_list(rows),
                processing_class=AutoTokenizer.from_pretrained(folder),
                peft_config=LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=["q_proj", "k_proj", "v_proj", "o_proj"], task_type="CAUSAL_LM"),
            )
            trainer.train()
            return next(log["loss"] for log in trainer.state.log_history if "loss" in log)

    return run


def bench(folder: Path, size: str, contexts: list[int], answer: int, repeats: int) -> None:
    make_folder(folder, size)
    print(f"\nTraining: {size} random model, {ACCUMULATION} examples in one step of 1 x {ACCUMULATION}, LoRA r={RANK} on q, k, v, o, {answer} answer tokens, CPU, one thread")
    print("How many times ours the plain SFTTrainer takes (CPU seconds), and peak memory, model included\n")
    row("context", "ours", "tokens/s", "SFTTrainer: time", "memory: ours", "SFTTrainer", "first loss, both")
    for context in contexts:
        data = folder / f"train-{context}.jsonl"
        data.write_text("".join(json.dumps(example(size, context, answer, seed)) + "\n" for seed in range(ACCUMULATION)))
        with Child(ours, str(folder)) as a, Child(plain, str(folder)) as b:
            warm = folder / "warm.jsonl"
            warm.write_text("".join(json.dumps(example(size, 32, 2, seed)) + "\n" for seed in range(ACCUMULATION)))
            for child in (a, b):
                child.run(str(warm), 64)
            runs = [(a.run(str(data), context + answer), b.run(str(data), context + answer)) for _ in range(repeats)]
        mine, others = zip(*runs, strict=True)
        cpu = [run.cpu for run in mine]
        row(
            f"{context:,}",
            f"{min(cpu):.2f} s",
            f"{ACCUMULATION * (context + answer) / min(cpu):,.0f}",
            ratios([run.cpu for run in others], cpu),
            mib(max(run.peak for run in mine)),
            mib(max(run.peak for run in others)),
            f"{mine[0].value:.4f}, {others[0].value:.4f}",
        )
