"""Silencing heads: zero their slice of what goes into the output projection (paper, section 4.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from .adapters import attached
from .data import read_prompts
from .decode import greedy, prediction
from .errors import BadJob, ModelMissing
from .jobs import MaskJob
from .models import Base
from .outputs import write_jsonl
from .protocol import Progress
from .results import JobResult, tokens_per_second

UNMASKED = "unmasked"


def run(job: MaskJob, base: Base, progress: Progress) -> JobResult:
    """Decode the same prompts once unmasked and once per head set; one predictions file each."""
    _check(job, base)
    prompts = read_prompts(job.data_file, base.tokenizer, job.max_examples)
    sets = [(UNMASKED, []), *((s.id, s.heads) for s in job.head_sets)]
    total = len(sets) * len(prompts)
    clock, tokens = tokens_per_second(), 0
    with attached(base, job.adapter_dir) as model:
        for s, (name, heads) in enumerate(sets):
            rows = []
            with masked(model, heads):
                for i, prompt in enumerate(prompts):
                    generation = greedy(model, prompt.ids, base.tokenizer.stop_ids, job.max_new_tokens)
                    rows.append(prediction(prompt, generation, base.tokenizer))
                    tokens += len(prompt.ids) + len(generation.token_ids)
                    progress.report("mask", s * len(prompts) + i + 1, total, "examples")
            write_jsonl(Path(job.output_dir) / f"{name}.jsonl", rows)
    return JobResult({"examples": len(prompts), "headSets": len(job.head_sets)}, clock(tokens))


@contextmanager
def masked(model: torch.nn.Module, heads: Sequence[tuple[int, int]]) -> Iterator[None]:
    """Zero the outputs of `[layer, head]` pairs in every pass inside the block, prefill and decoding alike."""
    by_layer: dict[int, list[int]] = {}
    for layer, head in heads:
        by_layer.setdefault(layer, []).append(head)
    projections = output_projections(model)
    hooks = [projections[layer].register_forward_pre_hook(_silence(model, chosen)) for layer, chosen in by_layer.items()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def output_projections(model: torch.nn.Module) -> dict[int, torch.nn.Module]:
    """The output projection (`o_proj`) of each attention layer, by layer; an adapter's wrapper where there is one."""
    found = {
        module.layer_idx: module.o_proj
        for _, module in model.named_modules()
        if isinstance(getattr(module, "o_proj", None), torch.nn.Module) and hasattr(module, "layer_idx")
    }
    if not found:
        raise ModelMissing("model.path: found no attention layers with an o_proj in this model", field="model.path")
    return found


def heads_of(model: torch.nn.Module) -> tuple[int, int]:
    """(layers, heads per layer) of a model."""
    config = model.config.get_text_config()
    return config.num_hidden_layers, config.num_attention_heads


def _silence(model: torch.nn.Module, heads: list[int]):
    _, count = heads_of(model)
    silent = torch.zeros(count, 1, dtype=torch.bool, device=model.device)
    silent[heads] = True

    def hook(_module, arguments):
        x = arguments[0]
        by_head = x.view(*x.shape[:-1], count, -1)
        return (by_head.masked_fill(silent, 0).view(x.shape), *arguments[1:])

    return hook


def _check(job: MaskJob, base: Base) -> None:
    layers, heads = heads_of(base.model)
    seen = {UNMASKED}
    for i, head_set in enumerate(job.head_sets):
        if head_set.id in seen:
            raise BadJob(f"headSets.{i}.id: found {head_set.id!r} again; allowed: ids that differ, and not {UNMASKED!r}", field=f"headSets.{i}.id")
        seen.add(head_set.id)
        for j, (layer, head) in enumerate(head_set.heads):
            if layer >= layers or head >= heads:
                raise BadJob(f"headSets.{i}.heads.{j}: found [{layer}, {head}]; allowed: layer < {layers}, head < {heads}", field=f"headSets.{i}.heads.{j}")
