"""Patching heads: the real-data model's outputs of some heads in the synthetic-data model (paper, section 5 and appendix F).

Both models are adapters on one base. What a head puts out is its slice of the output projection's input, before the
projection mixes the heads. It is replaced at every position of the prompt and at none of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from .adapters import activate, attached_together
from .decode import greedy, prediction
from .heads import by_layer, check_head_sets, heads_of, output_projections
from .jobs import PatchJob
from .models import Base
from .outputs import write_jsonl
from .prompts import prompts_of
from .protocol import Progress
from .results import JobResult, tokens_per_second

UNPATCHED = "unpatched"
_SYNTHETIC, _REAL = "synthetic", "real"


def run(job: PatchJob, base: Base, progress: Progress) -> JobResult:
    """Decode the same prompts once unpatched and once per head set; one predictions file each.

    The real-data model reads each prompt once, for the heads of all sets together; a set without heads takes the
    unpatched answer. At any time the outputs of one prompt are held: heads × tokens × head width.
    """
    check_head_sets(job.head_sets, base.model, UNPATCHED)
    prompts = prompts_of(job, base, job.max_new_tokens)
    heads = [head for head_set in job.head_sets for head in head_set.heads]
    rows = {name: [] for name in (UNPATCHED, *(head_set.id for head_set in job.head_sets))}
    done, total = 0, len(rows) * len(prompts)
    clock, tokens = tokens_per_second(), 0
    folders = {_SYNTHETIC: ("adapterDir", job.adapter_dir), _REAL: ("realAdapterDir", job.real_adapter_dir)}
    with attached_together(base, folders) as model:

        def answer(prompt):
            nonlocal tokens
            generation = greedy(model, prompt.ids, base.tokenizer.stop_ids, job.max_new_tokens)
            tokens += len(prompt.ids) + len(generation.token_ids)
            return prediction(prompt, generation, base.tokenizer)

        for prompt in prompts:
            outputs = None
            if heads:
                activate(model, _REAL)
                outputs = capture(model, heads, prompt.ids)
                tokens += len(prompt.ids)
            activate(model, _SYNTHETIC)
            unpatched = answer(prompt)
            for name, chosen in ((UNPATCHED, []), *((s.id, s.heads) for s in job.head_sets)):
                if outputs is None or not chosen:
                    rows[name].append(unpatched)
                else:
                    with patched(model, outputs, chosen):
                        rows[name].append(answer(prompt))
                done += 1
                progress.report("patch", done, total, "examples")
    for name, predictions in rows.items():
        write_jsonl(Path(job.output_dir) / f"{name}.jsonl", predictions)
    return JobResult({"examples": len(prompts), "headSets": len(job.head_sets)}, clock(tokens))


class HeadOutputs:
    """Outputs of chosen heads at the first `tokens` positions of one sequence, read pass by pass.

    Kept are the chosen heads' slices alone: per layer a tensor [tokens, chosen heads of the layer, head width].
    """

    def __init__(self, heads: Iterable[tuple[int, int]], tokens: int):
        self.tokens = tokens
        self.heads = by_layer(heads)
        self.by_layer: dict[int, torch.Tensor] = {}

    def keep(self, layer: int, start: int, outputs: torch.Tensor) -> None:
        """`outputs`: [positions, heads of the layer, head width] of all heads, from position `start` on."""
        if layer not in self.by_layer:
            self.by_layer[layer] = outputs.new_empty(self.tokens, len(self.heads[layer]), outputs.shape[-1])
        room = self.by_layer[layer][start : start + len(outputs)]
        room.copy_(outputs[: len(room), self.heads[layer]])

    def at(self, layer: int, start: int, positions: int, heads: Sequence[int]) -> torch.Tensor:
        """Outputs of heads of a layer at `positions` places from `start` on: [up to `positions`, heads, head width]."""
        columns = [self.heads[layer].index(head) for head in heads]
        return self.by_layer[layer][start : start + positions][:, columns]


@torch.inference_mode()
def capture(model: torch.nn.Module, heads: Iterable[tuple[int, int]], prompt_ids: Sequence[int]) -> HeadOutputs:
    """What `[layer, head]` pairs put out at every position of a prompt, in one reading of it."""
    outputs = HeadOutputs(heads, len(prompt_ids))
    count = heads_of(model)[1]

    def keep(layer: int, start: int, x: torch.Tensor) -> None:
        outputs.keep(layer, start, x[0].view(x.shape[1], count, -1))

    with _hooked(model, outputs.heads, keep):
        # The prompt goes through in the same passes as in decoding, so that equal models have equal outputs to the bit.
        greedy(model, prompt_ids, (), max_new_tokens=1)
    return outputs


@contextmanager
def patched(model: torch.nn.Module, outputs: HeadOutputs, heads: Iterable[tuple[int, int]]) -> Iterator[None]:
    """Replace the outputs of `[layer, head]` pairs by captured ones while one sequence goes through inside the block.

    Positions count from the block's beginning. Those behind the captured ones, of tokens that were decoded, stay as
    the model computes them.
    """
    chosen = by_layer(heads)
    count = heads_of(model)[1]

    def replace(layer: int, start: int, x: torch.Tensor) -> torch.Tensor | None:
        if start >= outputs.tokens:
            return None
        captured = outputs.at(layer, start, x.shape[1], chosen[layer])
        by_head = x.clone().view(*x.shape[:-1], count, -1)
        by_head[0][: len(captured), chosen[layer]] = captured
        return by_head.view(x.shape)

    with _hooked(model, chosen, replace):
        yield


@contextmanager
def _hooked(model: torch.nn.Module, layers: Iterable[int], visit) -> Iterator[None]:
    """Call `visit(layer, start, x)` on what goes into the layers' output projections, x being [1, positions, width].

    `start` is the position of its first token; what `visit` returns, if anything, takes the place of x.
    """
    projections = output_projections(model)

    def hook_of(layer: int):
        start = 0

        def hook(_module, arguments):
            nonlocal start
            x = arguments[0]
            new = visit(layer, start, x)
            start += x.shape[1]
            return None if new is None else (new, *arguments[1:])

        return hook

    hooks = [projections[layer].register_forward_pre_hook(hook_of(layer)) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
