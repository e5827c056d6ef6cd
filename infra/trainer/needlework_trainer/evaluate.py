"""The evaluate job: answer every prompt greedily, nothing else. F1 is computed elsewhere."""

from __future__ import annotations

from pathlib import Path

from .adapters import attached
from .decode import greedy, prediction
from .jobs import EvaluateJob
from .models import Base
from .outputs import write_jsonl
from .prompts import prompts_of
from .protocol import Progress
from .results import JobResult, tokens_per_second


def run(job: EvaluateJob, base: Base, progress: Progress) -> JobResult:
    """Write `predictions.jsonl`, in the order of the data file."""
    prompts = prompts_of(job, base, job.max_new_tokens)
    rows, tokens, clock = [], 0, tokens_per_second()
    with attached(base, job.adapter_dir) as model:
        for done, prompt in enumerate(prompts, start=1):
            generation = greedy(model, prompt.ids, base.tokenizer.stop_ids, job.max_new_tokens)
            rows.append(prediction(prompt, generation, base.tokenizer))
            tokens += len(prompt.ids) + len(generation.token_ids)
            progress.report("evaluate", done, len(prompts), "examples")
    write_jsonl(Path(job.output_dir) / "predictions.jsonl", rows)
    finished = sum(row["stoppedBy"] == "eos" for row in rows)
    return JobResult({"examples": len(rows), "stoppedByEos": finished}, clock(tokens))
