"""The kinds of job that the paper needs a GPU for, on one model at one length: what an example takes, and how much of the device that is.

The model is loaded as the paper loads it (theta, sliding window), the jobs are whole jobs of the trainer. Operations are counted as
`needlework plan` counts them (activities/estimate/gpu-hours.ts), so that its GPU hours can be held against what was measured: two
per weight and token, and causal attention; three forward passes for a step of training; one for each set of heads that is masked
or patched, whatever the sets share.
"""

from __future__ import annotations

import io
import json
import math
import random
from pathlib import Path
from statistics import median

from .shape import SIZES, Shape, example, extended, make_folder
from .table import mib, row, where

# What NVIDIA says of dense bf16, in TFLOP/s.
PEAKS = {"H100": 989, "H200": 989, "A100": 312}
ACCUMULATION = 4
# Of one cell of the paper's grid (MDQA): examples to train on, test questions, examples to score on.
CELL = {"train": 1260, "evaluate": 200, "score": 140, "mask": 200, "patch": 200}
# Sets of heads masked in such a cell: for each of four k the highest and three random draws, and the unmasked answers.
CELL_MASK_PASSES = 1 + 4 * (1 + 3)


def bench(folder: Path, size: str, contexts: list[int], answer: int, repeats: int, device: str) -> None:
    from needlework_trainer.runtime import describe_device, device_report, prepare_torch, versions

    prepare_torch()
    make_folder(folder / "model", size, device)
    shape, jobs = SIZES[size], _Jobs(folder, extended(folder / "model", size, device), answer)
    report = device_report()
    name = report["name"] if device == "cuda" else ""
    peak = next((most for known, most in PEAKS.items() if known in name), None)
    there = describe_device(report) if report["kind"] == device else where(device)
    print(f"\nJobs: {size} random model, {shape.dtype}, {answer} answer tokens, {there}")
    print(", ".join(f"{package} {version}" for package, version in versions().items()))
    print(f"Per example; medians of {repeats}. Operations as needlework plan counts them; hours are of one cell of MDQA as the paper has it.\n")
    row("context, job", "forward passes", "seconds", "tokens/s", "TFLOP/s", "of the peak", "peak memory", "hours of a cell")
    for context in contexts:
        operations = forward_operations(jobs.parameters(), shape, context)
        for kind, passes, seconds, memory in measured(jobs, size, context, answer, repeats):
            rate = passes * operations / seconds / 1e12
            cell = CELL[kind] * seconds * (CELL_MASK_PASSES / passes if kind == "mask" else 1) / 3600
            row(
                f"{context:,} {kind}", str(passes), f"{seconds:.4g}", f"{passes * context / seconds:,.0f}", f"{rate:.3g}",
                f"{rate / peak:.0%}" if peak else "-", mib(memory), f"{cell:.2g}",
            )


def forward_operations(parameters: int, shape: Shape, tokens: int) -> int:
    """Of one forward pass over a prompt: the same count as `forwardOperations` of activities/estimate/gpu-hours.ts."""
    return tokens * (2 * parameters + 2 * shape.layers * shape.settings["hidden_size"] * tokens)


def measured(jobs: _Jobs, size: str, context: int, answer: int, repeats: int):
    """(kind, forward passes per example, seconds per example, peak memory in bytes) for each kind of job."""
    # A first step warms kernels and allocator up and is left out.
    data = jobs.data(f"train-{context}", size, context, ACCUMULATION * (1 + repeats))
    adapter, result = jobs.run("train", trainFile=data, maxTokens=context + answer, train={"accumulationSteps": ACCUMULATION})
    steps = [json.loads(line)["seconds"] for line in (adapter / "pace.jsonl").read_text().splitlines()]
    yield "train", 3, median(steps[1:]) / ACCUMULATION, result["peakMemoryBytes"]
    one = jobs.data(f"test-{context}", size, context, 1)
    sets = head_sets(SIZES[size])
    kinds = {
        "evaluate": (1, {"adapterDir": str(adapter)}),
        "score": (1, {"adapterDir": str(adapter), "score": {}}),
        "mask": (1 + 2, {"adapterDir": str(adapter), "headSets": sets[:2]}),
        # The lender, unpatched, and three sets.
        "patch": (2 + 3, {"adapterDir": str(adapter), "realAdapterDir": str(adapter), "headSets": sets}),
    }
    for kind, (passes, fields) in kinds.items():
        runs = [jobs.run(kind, dataFile=one, **fields)[1] for _ in range(1 + repeats)][1:]
        yield kind, passes, median(run["seconds"] for run in runs), max(run["peakMemoryBytes"] for run in runs)


def head_sets(shape: Shape) -> list[dict]:
    """Three sets of ten heads (or a quarter of all, where there are few), anywhere in the model."""
    every = [[layer, head] for layer in range(shape.layers) for head in range(shape.heads)]
    draw = random.Random(0)
    return [{"id": f"set-{number}", "heads": sorted(draw.sample(every, min(10, len(every) // 4)))} for number in range(3)]


class _Jobs:
    """Runs whole jobs in this process, with the model kept between them."""

    def __init__(self, folder: Path, model: dict, answer: int):
        from needlework_trainer.protocol import Channel
        from needlework_trainer.session import Session

        self._folder, self._model, self._answer = folder, model, answer
        self._lines = io.BytesIO()
        self._session = Session(Channel(self._lines))
        self._count = 0

    def data(self, name: str, size: str, tokens: int, examples: int) -> str:
        path = self._folder / f"{name}.jsonl"
        path.write_text("".join(json.dumps(example(size, tokens, self._answer, seed)) + "\n" for seed in range(examples)))
        return str(path)

    def run(self, kind: str, **fields) -> tuple[Path, dict]:
        """Output folder and measurements of a job. Raises RuntimeError where it fails."""
        self._count += 1
        out = self._folder / f"out-{self._count}"
        out.mkdir()
        decoding = {} if kind == "train" else {"maxNewTokens": self._answer, "maxExamples": None}
        job = {"kind": kind, "jobId": f"job-{self._count}", "outputDir": str(out), "seed": 0, "model": self._model, **decoding, **fields}
        path = self._folder / "job.json"
        path.write_text(json.dumps(job))
        self._session.handle(json.dumps({"type": "run", "job": str(path)}))
        last = json.loads(self._lines.getvalue().splitlines()[-1])
        if last["type"] == "error":
            raise RuntimeError(f"{kind}: {last['error']['message']}")
        return out, last["measurements"]

    def parameters(self) -> int:
        """Weights of the model, from the header of its file."""
        from safetensors import safe_open

        with safe_open(str(Path(self._model["path"]) / "model.safetensors"), framework="pt") as file:
            shapes = [file.get_slice(name).get_shape() for name in file.keys()]
        return sum(math.prod(shape) for shape in shapes)
