"""Silencing heads: zero their slice of what goes into the output projection (paper, section 4.2).

The other way is that of the published code of Wu et al. (2024): it zeroes the heads' queries, while decoding only, so
that they attend all keys alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from .adapters import attached
from .data import Prompt
from .decode import Generation, greedy, prediction
from .heads import check_head_sets, heads_of, output_projections, query_projections
from .jobs import MaskJob
from .models import Base
from .outputs import write_jsonl
from .prefill import Prefill, prefill, resume
from .prompts import prompts_of
from .protocol import Progress
from .results import JobResult, tokens_per_second

UNMASKED = "unmasked"

Heads = Sequence[tuple[int, int]]


def run(job: MaskJob, base: Base, progress: Progress) -> JobResult:
    """Decode the same prompts once unmasked and once per head set; one predictions file each."""
    check_head_sets(job.head_sets, base.model, UNMASKED)
    prompts = prompts_of(job, base, job.max_new_tokens)
    sets: dict[str, Heads] = {UNMASKED: [], **{s.id: s.heads for s in job.head_sets}}
    starts = {_lowest(heads) for heads in sets.values() if heads} if job.mode == "zero" else set()
    rows: dict[str, list[dict]] = {name: [] for name in sets}
    clock, tokens, done = tokens_per_second(), 0, 0
    with attached(base, job.adapter_dir) as model:
        for prompt in prompts:
            shared = prefill(model, prompt.ids, keep=starts - {0})
            for name, heads in sets.items():
                generation = _answer(model, prompt, shared, heads, job, base)
                rows[name].append(prediction(prompt, generation, base.tokenizer))
                tokens += len(prompt.ids) + len(generation.token_ids)
                done += 1
                progress.report("mask", done, len(sets) * len(prompts), "examples")
    for name in sets:
        write_jsonl(Path(job.output_dir) / f"{name}.jsonl", rows[name])
    return JobResult({"examples": len(prompts), "headSets": len(job.head_sets)}, clock(tokens))


def _answer(model: torch.nn.Module, prompt: Prompt, shared: Prefill, heads: Heads, job: MaskJob, base: Base) -> Generation:
    """One prompt's answer with one set of heads silenced, resting on the unmasked prefill as far as it is the same."""

    def answer(cache) -> Generation:
        return greedy(model, prompt.ids, base.tokenizer.stop_ids, job.max_new_tokens, cache=cache)

    if job.mode == "uniform":
        with uniform(model, heads):
            return answer(shared.branch())
    with masked(model, heads):
        return answer(resume(model, prompt.ids, shared, _lowest(heads)) if heads else shared.branch())


@contextmanager
def masked(model: torch.nn.Module, heads: Heads) -> Iterator[None]:
    """Zero the outputs of `[layer, head]` pairs in every pass inside the block, prefill and decoding alike."""
    _, count = heads_of(model)

    def before(silent: torch.Tensor):
        def hook(_module, arguments):
            return (_zeroed(arguments[0], silent, count), *arguments[1:])

        return hook

    projections = output_projections(model)
    with _hooked([projections[layer].register_forward_pre_hook(before(silent)) for layer, silent in _by_layer(model, heads)]):
        yield


@contextmanager
def uniform(model: torch.nn.Module, heads: Heads) -> Iterator[None]:
    """Zero the queries of `[layer, head]` pairs in every pass inside the block: equal attention to all keys in sight."""
    _, count = heads_of(model)

    def after(silent: torch.Tensor):
        return lambda _module, _arguments, queries: _zeroed(queries, silent, count)

    projections = query_projections(model)
    with _hooked([projections[layer].register_forward_hook(after(silent)) for layer, silent in _by_layer(model, heads)]):
        yield


def _zeroed(x: torch.Tensor, silent: torch.Tensor, count: int) -> torch.Tensor:
    """x [..., heads × head size] with the slices of the silent heads zero; silent: bool [heads, 1]."""
    return x.view(*x.shape[:-1], count, -1).masked_fill(silent, 0).view(x.shape)


def _by_layer(model: torch.nn.Module, heads: Heads) -> list[tuple[int, torch.Tensor]]:
    _, count = heads_of(model)
    silent: dict[int, torch.Tensor] = {}
    for layer, head in heads:
        silent.setdefault(layer, torch.zeros(count, 1, dtype=torch.bool, device=model.device))[head] = True
    return list(silent.items())


@contextmanager
def _hooked(hooks: list) -> Iterator[None]:
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _lowest(heads: Heads) -> int:
    return min(layer for layer, _ in heads)
