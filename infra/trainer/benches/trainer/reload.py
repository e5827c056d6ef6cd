"""Model reload: from asking for a job to its first progress, in a process that starts for it and in one that has run one."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from .shape import example, make_folder, model_ref
from .table import ratios, row


def bench(folder: Path, size: str, repeats: int, device: str) -> None:
    make_folder(folder, size, device)
    data = folder / "evaluate.jsonl"
    data.write_text(json.dumps(example(size, 8, 2, 0)) + "\n")
    cold, warm = [], []
    for number in range(repeats):
        started = time.perf_counter()
        with subprocess.Popen([sys.executable, "-m", "needlework_trainer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as trainer:
            cold.append(_first_progress(trainer, _job(folder, data, f"cold-{number}", size, device), started))
            warm.append(_first_progress(trainer, _job(folder, data, f"warm-{number}", size, device), time.perf_counter()))
            trainer.stdin.close()
    print(f"\nModel reload: {size} random model, evaluate job, from the request to the first answer, by the clock; medians of {repeats}\n")
    row("", "cold process", "warm process", "cold / warm")
    row("first answer", f"{median(cold):.2f} s", f"{median(warm):.3f} s", ratios(cold, warm))


def _job(folder: Path, data: Path, name: str, size: str, device: str) -> Path:
    out = folder / name
    out.mkdir()
    job = {"kind": "evaluate", "jobId": name, "outputDir": str(out), "seed": 0, "model": model_ref(folder, size, device), "adapterDir": None, "dataFile": str(data), "maxNewTokens": 1, "maxExamples": None}
    path = folder / f"{name}.json"
    path.write_text(json.dumps(job))
    return path


def _first_progress(trainer: subprocess.Popen, job: Path, started: float) -> float:
    """Seconds since `started`; waits for the job's end."""
    trainer.stdin.write(json.dumps({"type": "run", "job": str(job)}) + "\n")
    trainer.stdin.flush()
    first = None
    while True:
        message = json.loads(trainer.stdout.readline())
        if message["type"] == "progress" and first is None:
            first = time.perf_counter() - started
        if message["type"] == "error":
            raise RuntimeError(message["error"]["message"])
        if message["type"] == "result":
            return first
