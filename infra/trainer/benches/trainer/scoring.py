"""Head scoring: ours against (a) `output_attentions=True` over the whole prompt and (b) the published way (Wu et al. 2024).

All three answer greedily and note which key each head attends most for each token. (a) decodes with eager attention and all
attention matrices of prompt and answer. (b) fills the cache by the fast kernel, then decodes with eager attention in every
layer. For (b) the heads are looked up at once; the published code looks them up one by one, which costs it more.
"""

from __future__ import annotations

from pathlib import Path
from statistics import median

from .child import Child, available_memory, seconds_of
from .shape import SIZES, cache_bytes, make_folder, model_ref
from .table import mib, ratios, row, unit, where


def ours(folder: str, size: str, device: str):
    from needlework_trainer.decode import greedy
    from needlework_trainer.jobs import ModelRef
    from needlework_trainer.models import load_base

    model = load_base(ModelRef.model_validate(model_ref(Path(folder), size, device))).model

    def run(ids: list[int], answer: int):
        done = greedy(model, ids, (), answer, rows=True)
        return done.token_ids, done.attended.numpy()

    return run


def published(folder: str, size: str, device: str):
    return _decoding(folder, size, device, "sdpa")


def whole(folder: str, size: str, device: str):
    return _decoding(folder, size, device, "eager")


def _decoding(folder: str, size: str, device: str, prefill: str):
    import torch
    from transformers import AutoModelForCausalLM, DynamicCache

    model = AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, SIZES[size].dtype), attn_implementation=prefill).eval().to(device)

    @torch.inference_mode()
    def run(ids: list[int], answer: int):
        cache, tokens, rows = DynamicCache(), [], []
        model.set_attn_implementation(prefill)
        whole_prompt = prefill == "eager"
        # As `generate` does, (a) sees the last prompt token in the first pass too.
        first = model(input_ids=torch.tensor([ids if whole_prompt else ids[:-1]], device=device), past_key_values=cache, logits_to_keep=1, output_attentions=whole_prompt)
        step = first if whole_prompt else None
        model.set_attn_implementation("eager")
        current = ids[-1]
        while len(tokens) < answer:
            if step is None:
                step = model(input_ids=torch.tensor([[current]], device=device), past_key_values=cache, logits_to_keep=1, output_attentions=True)
            rows.append(torch.stack([layer[0, :, -1].argmax(-1) for layer in step.attentions]))
            current = int(step.logits[0, -1].argmax())
            tokens.append(current)
            step = None
        return tokens, torch.stack(rows).cpu().numpy()

    return run


def bench(folder: Path, size: str, contexts: list[int], answer: int, repeats: int, device: str) -> None:
    import random

    make_folder(folder, size, device)
    shape = SIZES[size]
    heads = shape.layers * shape.heads
    print(f"Head scoring: {size} random model, {heads} heads, {answer} answer tokens, {where(device)}; medians of {repeats} interleaved runs")
    print(f"How many times ours the others take ({unit(device)}; in brackets least and most), and peak memory beyond weights and KV cache\n")
    row("context", "ours", "(b) published: time", "(a) whole prompt: time", "memory: ours", "(b)", "(a)", "same places (b), (a)")
    for context in contexts:
        draw = random.Random(context)
        ids = [1, *(draw.randrange(3, shape.vocabulary) for _ in range(context - 1))]
        # All matrices of attention, and a few of one layer while it is computed.
        needed = (heads + 4 * shape.heads) * context**2 * shape.bytes_per_number
        # On a GPU the three of them share its memory; weights are mapped from disk on the CPU.
        weights = 3 * (folder / "model.safetensors").stat().st_size if device == "cuda" else 0
        lean = needed < 0.7 * available_memory(device) - weights
        made = {"ours": ours, "b": published, **({"a": whole} if lean else {})}
        runs: dict[str, list] = {name: [] for name in made}
        children = {name: Child(make, str(folder), size, device) for name, make in made.items()}
        try:
            for child in children.values():
                child.run(ids[:64], 2)
            for number in range(repeats):
                # Turn about, so that what disturbs the machine disturbs all alike; (a), which is long, once.
                for name in list(children) if number % 2 == 0 else reversed(children):
                    if name != "a" or number == 0:
                        runs[name].append(children[name].run(ids, answer))
        finally:
            for child in children.values():
                child.__exit__()
        took = {name: [seconds_of(run, device) for run in found] for name, found in runs.items()}
        beyond = {name: max(run.extra for run in found) - cache_bytes(size, context + answer) for name, found in runs.items()}
        places = {name: (runs["ours"][0].value[1] == found[0].value[1]).mean() for name, found in runs.items()}
        row(
            f"{context:,}",
            f"{median(took['ours']):.2f} s",
            ratios(took["b"], took["ours"]),
            ratios(took["a"], took["ours"][:1]) if lean else "not run",
            mib(beyond["ours"]),
            mib(beyond["b"]),
            mib(beyond["a"]) if lean else f"needs {needed / 2**30:.0f} GiB",
            f"{places['b']:.2%}, {places['a']:.2%}" if lean else f"{places['b']:.2%}",
        )
