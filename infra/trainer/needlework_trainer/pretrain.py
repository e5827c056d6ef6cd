"""The pretrain job: a tiny base model of one's own, vocabulary and weights both from the given corpus."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, LlamaConfig

from .data import read_texts
from .errors import BadJob, NaNLoss
from .jobs import PretrainJob, PretrainSpec
from .outputs import write_json, write_jsonl, write_tensors
from .protocol import Progress
from .results import JobResult, tokens_per_second
from .seeding import scale_outputs, seed_induction

PAD, BOS, EOS = "<pad>", "<bos>", "<eos>"
# At the usual 0.02 a model this small does not learn to copy in reasonable time.
_INIT_STD = 0.08
_WARMUP_STEPS = 100
#: Label of positions without loss, as torch's cross entropy and transformers have it.
IGNORE = -100


def run(job: PretrainJob, device: torch.device, progress: Progress) -> JobResult:
    """Train tokenizer and weights; write a model folder and `steps.jsonl`."""
    spec = job.pretrain
    _check(spec)
    texts = read_texts(job.corpus_files)
    random.Random(job.seed).shuffle(texts)
    progress.report("tokenizer", 0, 1, "vocabulary")
    tokenizer = train_tokenizer(texts, spec.vocabulary_size)
    progress.report("tokenizer", 1, 1, "vocabulary", tokens=tokenizer.get_vocab_size())
    if tokenizer.get_vocab_size() < spec.vocabulary_size:
        progress.log("warning", f"pretrain.vocabularySize: the corpus gave only {tokenizer.get_vocab_size()} of {spec.vocabulary_size} tokens")
    torch.manual_seed(job.seed)
    model = build_model(spec, tokenizer).to(device)
    clock = tokens_per_second()
    if spec.seeded_induction:
        scale_outputs(model)
        seed_induction(model, previous_kv_heads=max(1, spec.key_value_heads // 2), matching_layers=(1,))
    copying = train_weights(model, copying_batches(tokenizer, spec, job.seed), spec, spec.copying_steps, "copying", progress) if spec.seeded_induction else []
    steps = train_weights(model, pack(texts, tokenizer, spec, job.seed), spec, spec.steps, "pretrain", progress)
    folder = Path(job.output_dir)
    write_model_folder(folder, model, tokenizer)
    write_jsonl(folder / "steps.jsonl", steps)
    write_json(folder / "origin.json", origin(spec))
    last = steps[-max(1, len(steps) // 10) :]
    summary = {
        "texts": len(texts),
        "vocabulary": tokenizer.get_vocab_size(),
        "parameters": sum(p.numel() for p in model.parameters()),
        "steps": len(steps),
        "firstLoss": steps[0]["loss"],
        "finalLoss": sum(s["loss"] for s in last) / len(last),
        "copyingLoss": copying[-1]["loss"] if copying else None,
    }
    return JobResult(summary, clock(spec.steps * _rows(spec) * spec.context_tokens))


def train_tokenizer(texts: list[str], vocabulary_size: int) -> Tokenizer:
    """Byte-level BPE, so that no text is ever unknown; every prompt begins with `<bos>`."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary_size,
        special_tokens=[PAD, BOS, EOS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    # Sorted, so that the vocabulary depends on the corpus and not on the seed.
    tokenizer.train_from_iterator(sorted(texts), trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, tokenizer.token_to_id(BOS))])
    return tokenizer


def build_model(spec: PretrainSpec, tokenizer: Tokenizer) -> torch.nn.Module:
    """A small Llama with random weights and tied embeddings."""
    config = LlamaConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=spec.hidden_size,
        intermediate_size=spec.feed_forward_size,
        num_hidden_layers=spec.layers,
        num_attention_heads=spec.attention_heads,
        num_key_value_heads=spec.key_value_heads,
        head_dim=spec.hidden_size // spec.attention_heads,
        max_position_embeddings=spec.context_tokens,
        rope_parameters={"rope_type": "default", "rope_theta": float(spec.rope_theta)},
        tie_word_embeddings=True,
        initializer_range=_INIT_STD,
        pad_token_id=tokenizer.token_to_id(PAD),
        bos_token_id=tokenizer.token_to_id(BOS),
        eos_token_id=tokenizer.token_to_id(EOS),
    )
    return AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")


def pack(texts: list[str], tokenizer: Tokenizer, spec: PretrainSpec, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Endless batches int64 [rows, context], which are their own labels: texts end to end, `<eos>` between them, `<bos>` before every row.

    Texts are tokenised as they are needed, in an order that is drawn anew each time the corpus is used up.
    """
    rng = random.Random(seed)
    bos, eos = tokenizer.token_to_id(BOS), tokenizer.token_to_id(EOS)
    stream: list[int] = []
    need = _rows(spec) * (spec.context_tokens - 1)
    order = list(range(len(texts)))
    while True:
        for start in range(0, len(order), 64):
            chunk = [texts[i] for i in order[start : start + 64]]
            for encoding in tokenizer.encode_batch(chunk, add_special_tokens=False):
                stream += encoding.ids + [eos]
            while len(stream) >= need:
                rows = torch.tensor(stream[:need]).view(_rows(spec), -1)
                del stream[:need]
                batch = torch.cat([torch.full((len(rows), 1), bos), rows], dim=1)
                yield batch, batch
        rng.shuffle(order)


def copying_batches(tokenizer: Tokenizer, spec: PretrainSpec, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Endless batches of random tokens in which each row repeats a few chunks of its own; labels on what can be copied."""
    rng = random.Random(f"copying/{seed}")
    words = range(3, tokenizer.get_vocab_size())
    length = min(spec.context_tokens, 128)
    while True:
        rows, labels = [], []
        for _ in range(max(1, spec.tokens_per_step // length)):
            chunks = [[rng.choice(words) for _ in range(rng.randint(2, 8))] for _ in range(rng.randint(2, max(3, length // 16)))]
            row, label, seen = [tokenizer.token_to_id(BOS)], [IGNORE], set()
            while len(row) < length:
                at = rng.randrange(len(chunks))
                row += chunks[at]
                # A chunk's first token can never be foreseen; the others once the chunk has been seen.
                label += [IGNORE, *chunks[at][1:]] if at in seen else [IGNORE] * len(chunks[at])
                seen.add(at)
            rows.append(row[:length])
            labels.append(label[:length])
        yield torch.tensor(rows), torch.tensor(labels)


def train_weights(
    model: torch.nn.Module, batches: Iterator[tuple[torch.Tensor, torch.Tensor]], spec: PretrainSpec, count: int, phase: str, progress: Progress
) -> list[dict]:
    """`count` steps of next-token prediction with AdamW, warm-up and cosine decay; one entry per step. Raises `NaNLoss`."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=spec.learning_rate, betas=(0.9, 0.98), weight_decay=0.01)
    model.train()
    steps = []
    for step, (inputs, labels) in zip(range(1, count + 1), batches):
        rate = spec.learning_rate * learning_rate_share(step, count)
        for group in optimizer.param_groups:
            group["lr"] = rate
        inputs, labels = inputs.to(model.device), labels.to(model.device)
        logits = model(input_ids=inputs[:, :-1], use_cache=False).logits
        loss = cross_entropy(logits.flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORE)
        if not torch.isfinite(loss):
            raise NaNLoss(f"the loss became {loss.item()} at step {step}; a lower pretrain.learningRate may help", field="pretrain.learningRate")
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        steps.append({"step": step, "loss": loss.item(), "learningRate": rate, "gradNorm": norm.item()})
        progress.report(phase, step, count, "steps", loss=loss.item())
    return steps


def learning_rate_share(step: int, steps: int) -> float:
    """Share of the full learning rate at a step (from 1): linear warm-up, then half a cosine down to 0."""
    warmup = min(_WARMUP_STEPS, max(1, steps // 10))
    if step <= warmup:
        return step / warmup
    return 0.5 + 0.5 * math.cos(math.pi * (step - warmup) / max(1, steps - warmup))


def write_model_folder(folder: Path, model: torch.nn.Module, tokenizer: Tokenizer) -> None:
    """config.json, model.safetensors, tokenizer.json, tokenizer_config.json; nothing about how or when they were made."""
    tied = set(getattr(model, "_tied_weights_keys", None) or ()) if model.config.tie_word_embeddings else set()
    write_tensors(folder / "model.safetensors", {name: t for name, t in model.state_dict().items() if name not in tied})
    config = model.config.to_diff_dict()
    config.pop("_name_or_path", None)
    write_json(folder / "config.json", {**config, "architectures": [type(model).__name__], "dtype": str(model.dtype).removeprefix("torch.")})
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": PAD, "bos_token": BOS, "eos_token": EOS, "clean_up_tokenization_spaces": False},
    )


def origin(spec: PretrainSpec) -> dict[str, str | None]:
    """What the report says of how the base came to be."""
    return {
        "origin": "Vocabulary and weights were trained by this sweep, on its own corpus.",
        "seededInduction": (
            "An induction circuit was set by hand before training: previous-token heads in layer 0 and matching heads in layer 1, "
            f"then trained for {spec.copying_steps} steps on copying random tokens. Which layer holds the retrieval heads is therefore our choice."
            if spec.seeded_induction
            else None
        ),
    }


def _rows(spec: PretrainSpec) -> int:
    return max(1, spec.tokens_per_step // spec.context_tokens)


def _check(spec: PretrainSpec) -> None:
    def refuse(field: str, found: int, allowed: str) -> BadJob:
        return BadJob(f"pretrain.{field}: found {found}; allowed: {allowed}", field=f"pretrain.{field}")

    if spec.hidden_size % (2 * spec.attention_heads):
        raise refuse("hiddenSize", spec.hidden_size, f"a multiple of {2 * spec.attention_heads} (an even width for each of {spec.attention_heads} heads)")
    if spec.attention_heads % spec.key_value_heads:
        raise refuse("keyValueHeads", spec.key_value_heads, f"a divisor of attentionHeads ({spec.attention_heads})")
    if spec.seeded_induction and spec.layers < 2:
        raise refuse("layers", spec.layers, "at least 2, for an induction circuit")
    if spec.seeded_induction and spec.hidden_size < 6 * spec.attention_heads:
        raise refuse("hiddenSize", spec.hidden_size, f"at least {6 * spec.attention_heads} (a width of 6 for each of {spec.attention_heads} heads), for an induction circuit")
