"""Retrieval and insight scores of every head (paper, section 4.1, Eq. 1 and Eq. 2), in one pass over the data.

**Eq. 1.** While the model writes its answer, head h *retrieves* the token w it is about to write if the key it
attends most is the same token, standing in the answer span y* in the context. G_h is the set of tokens that h
retrieved; S_h = |G_h ∩ y*| / |y*|.

**Eq. 2.** 1 if, while any token of the answer was predicted, the key h attended most lay in a needle f*; else 0.
With `insightMatch: token` that key must also be the token about to be written, as in Eq. 1; a citation ("[24]") shares
next to nothing with an insight, so the default asks for the place alone.

What "the same token" means. Tokens are compared by id, except that a token and its twin without the leading
space are one (`ModelTokenizer.words`): the context may hold `("Paris` where the answer begins with ` Paris`.

What |y*| counts. The distinct tokens of the answer *as the context has it*, since only these can be retrieved.
The answer may stand in the context several times, in other letters, as another alias, or cut into tokens differently
(` Paris` is one token, `(Paris` perhaps three). One writing counts, the one that shares most tokens with what the model
is trained to write; the first one among equals. Only what an answer has to say together adds up: the numbers of the
documents that a citation names, each in one writing.
With `counting: multiset` a token that the answer holds twice counts twice, here and in G_h.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .adapters import attached
from .correct import is_correct
from .data import Prompt
from .decode import greedy, prediction, teacher_forced
from .heads import heads_of
from .jobs import ScoreJob, ScoreSpec
from .models import Base
from .outputs import write_json, write_jsonl, write_tensors
from .prompts import check_positions, prompts_of
from .protocol import Progress
from .results import JobResult, tokens_per_second
from .tokens import ModelTokenizer, occurrences, tokens_in_span


@dataclass(frozen=True)
class Targets:
    """What a head can look at in one prompt: masks over prompt positions, words by `word_ids`.

    `words` int64 [prompt], `in_answer` and `in_needle` bool [prompt], `answer` counts the words of y*.
    """

    words: np.ndarray
    in_answer: np.ndarray
    in_needle: np.ndarray
    answer: Counter[int]


def run(job: ScoreJob, base: Base, progress: Progress) -> JobResult:
    """Write `scores.json`, `predictions.jsonl` and `examples.safetensors` (contract: `ScoreJob`)."""
    tokenizer, spec = base.tokenizer, job.score
    # Forced upon the model, an answer has a length of its own.
    prompts = prompts_of(job, base, job.max_new_tokens if spec.decode == "greedy" else 1)
    rows, retrieval, insight, attended, written, counted = [], [], [], [], [], []
    tokens, without_answer, clock = 0, 0, tokens_per_second()
    with attached(base, job.adapter_dir) as model:
        for done, prompt in enumerate(prompts, start=1):
            answer_ids = tokenizer.encode_answer(prompt.example.prompt, prompt.ids, prompt.example.answer)
            if spec.decode == "greedy":
                generation = greedy(model, prompt.ids, tokenizer.stop_ids, job.max_new_tokens, rows=True)
                written.append(generation.token_ids)
            else:
                check_positions(base, prompt, len(prompt.ids) + len(answer_ids) - 1)
                generation = teacher_forced(model, prompt.ids, answer_ids, tokenizer.stop_ids)
                written.append(answer_ids)
            targets = find_targets(prompt, tokenizer, answer_ids, spec)
            positions, words = generation.attended.numpy(), tokenizer.words(written[-1])
            retrieval.append(retrieval_scores(positions, words, targets, spec.counting))
            insight.append(insight_scores(positions, words, targets, spec.insight_match))
            attended.append(generation.attended)
            rows.append(prediction(prompt, generation, tokenizer))
            counted.append(spec.gate == "none" or is_correct(prompt.example, rows[-1]["text"]))
            without_answer += not targets.answer
            tokens += len(prompt.ids) + len(written[-1])
            progress.report("score", done, len(prompts), "examples")

    used = np.array(counted)
    if not used.any():
        progress.log("warning", "score.gate: no answer was correct, so no example is counted and every score is 0")
    layers, heads = heads_of(base.model)
    folder = Path(job.output_dir)
    write_jsonl(folder / "predictions.jsonl", rows)
    write_json(
        folder / "scores.json",
        {
            "layers": layers,
            "heads": heads,
            "examples": int(used.sum()),
            "retrieval": _mean(retrieval, used).tolist(),
            "insight": _mean(insight, used).tolist(),
        },
    )
    write_tensors(
        folder / "examples.safetensors",
        {
            "retrieval": torch.tensor(np.stack(retrieval), dtype=torch.float32),
            "insight": torch.tensor(np.stack(insight), dtype=torch.float32),
            "attended": torch.cat(attended),
            "written": torch.tensor(sum(written, []), dtype=torch.int32),
            "offsets": torch.tensor(np.cumsum([0, *map(len, written)]), dtype=torch.int64),
            "prompt_tokens": torch.tensor([len(prompt.ids) for prompt in prompts], dtype=torch.int32),
            "counted": torch.tensor(used),
        },
    )
    summary = {
        "examples": len(prompts),
        "examplesCounted": int(used.sum()),
        "examplesWithoutAnswerSpan": int(without_answer),
        "retrievalHeads": int((_mean(retrieval, used) > 0).sum()),
        "insightHeads": int((_mean(insight, used) > 0).sum()),
        "heads": layers * heads,
    }
    return JobResult(summary, clock(tokens))


def find_targets(prompt: Prompt, tokenizer: ModelTokenizer, answer_ids: list[int], spec: ScoreSpec) -> Targets:
    """Needle and answer tokens of one prompt, found by the character offsets of dataset and tokenizer."""
    text, offsets = prompt.example.prompt, prompt.encoded.offsets
    words = tokenizer.words(prompt.ids)
    spans = [span.range for span in prompt.example.answer_spans]
    if spec.answer_spans == "all":
        wanted = {text[a:b] for a, b in spans} | set(prompt.example.answers)
        spans = sorted({found for answer in wanted for found in occurrences(text, answer)} | set(spans))
    in_answer, in_needle = np.zeros(len(words), bool), np.zeros(len(words), bool)
    writings: dict[str, list[Counter[int]]] = {}
    for a, b in spans:
        inside = tokens_in_span(text, offsets, (a, b))
        in_answer[inside] = True
        writings.setdefault(text[a:b], []).append(Counter(words[inside].tolist()))
    for needle in prompt.example.needles:
        in_needle[tokens_in_span(text, offsets, needle.range)] = True
    target = Counter(tokenizer.words(answer_ids).tolist())
    # A citation needs every number it names; of other answers any one writing is the whole.
    together = list(writings.values()) if prompt.example.cites else [sum(writings.values(), [])]
    answer: Counter[int] = Counter()
    for alike in filter(None, together):
        answer += max(alike, key=lambda writing: (writing & target).total() - 1e-6 * writing.total())
    return Targets(words, in_answer, in_needle, answer)


def retrieval_scores(attended: np.ndarray, written: np.ndarray, targets: Targets, counting: str) -> np.ndarray:
    """Eq. 1 for one example: float64 [layers, heads] in 0..1; all 0 where the context holds no answer span.

    attended int [tokens, layers, heads], written int [tokens] as words.
    """
    scores = np.zeros(attended.shape[1:])
    if not targets.answer:
        return scores
    hits = _same(attended, written, targets) & _lookup(targets.in_answer, attended, missing=False)
    for word, count in sorted(targets.answer.items()):
        retrieved = hits[written == word].sum(axis=0)
        scores += np.minimum(retrieved, count if counting == "multiset" else 1)
    return scores / (targets.answer.total() if counting == "multiset" else len(targets.answer))


def insight_scores(attended: np.ndarray, written: np.ndarray, targets: Targets, match: str) -> np.ndarray:
    """Eq. 2 for one example: 1.0 where a head's most attended key was ever inside a needle, else 0.0; [layers, heads].

    With match `token` it must have been the token about to be written too. Shapes as in `retrieval_scores`.
    """
    inside = _lookup(targets.in_needle, attended, missing=False)
    if match == "token":
        inside &= _same(attended, written, targets)
    return inside.any(axis=0).astype(np.float64)


def _same(attended: np.ndarray, written: np.ndarray, targets: Targets) -> np.ndarray:
    """Where the most attended key is the token about to be written: bool [tokens, layers, heads]."""
    return _lookup(targets.words, attended, missing=-1) == written[:, None, None]


def _lookup(values: np.ndarray, positions: np.ndarray, missing) -> np.ndarray:
    """`values` at prompt positions; `missing` where a head looked at the answer being written instead."""
    inside = positions < len(values)
    return np.where(inside, values[np.where(inside, positions, 0)], missing)


def _mean(scores: list[np.ndarray], used: np.ndarray) -> np.ndarray:
    """Mean over the examples that count; zeros where none does."""
    stacked = np.stack(scores)[used]
    return stacked.mean(axis=0) if len(stacked) else np.zeros(scores[0].shape)
