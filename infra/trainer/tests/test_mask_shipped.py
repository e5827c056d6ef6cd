"""The shipped tiny model, scored and masked: without its top retrieval heads it cannot answer, without others it can."""

import json
import random
from pathlib import Path

import pytest
from conftest import Quiet, model_ref, read_jsonl, write_examples

from needlework_trainer import mask, score
from needlework_trainer.jobs import parse_job
from needlework_trainer.miniature.batches import material_of
from needlework_trainer.miniature.rows import IGNORE
from needlework_trainer.miniature.tasks import TASKS
from needlework_trainer.miniature.vocabulary import build_vocabulary
from needlework_trainer.miniature.world import load_world
from needlework_trainer.models import load_base
from needlework_trainer.tokens import occurrences

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "examples/models/tiny-llama-chains"
QUESTIONS, TOP = 40, 8


def examples(tokenizer) -> list[dict]:
    """Questions on fresh documents of up to 128 tokens, each with its answer and the sentence that holds it."""
    world = load_world(ROOT / "activities/source/miniature/world.json")
    material, found, seed = material_of(world, build_vocabulary(world), None), [], 0
    while len(found) < QUESTIONS:
        seed += 1
        row = TASKS["reading-plain"](material, random.Random(f"mask/{seed}"), 128)
        first = next((i for i, target in enumerate(row.targets) if target != IGNORE), None)
        if first is None:
            continue
        last = next(i for i in range(first, len(row.targets)) if row.targets[i] == IGNORE)
        prompt, answer = tokenizer.raw.decode(row.inputs[1 : first + 1]), tokenizer.raw.decode(row.targets[first:last])
        spans = occurrences(prompt, answer)
        if tokenizer.raw.encode(prompt).ids != row.inputs[: first + 1] or len(spans) != 1:
            continue
        start, end = spans[0]
        needle = (prompt.rfind(".", 0, start) + 1, prompt.find(".", end) + 1)
        found.append({
            "id": f"e{seed}", "task": "mdqa", "condition": "real", "split": "test", "prompt": prompt, "answer": answer, "answers": [answer],
            "question": prompt, "needles": [dict(zip(("start", "end"), needle))], "answerSpans": [{"start": start, "end": end}], "promptTokens": first + 1,
        })
    return found


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """Runs a job of a kind on the shipped model and these questions; its output folder."""
    folder = tmp_path_factory.mktemp("shipped")
    base = load_base(model_ref(FOLDER))
    data = write_examples(folder / "examples.jsonl", examples(base.tokenizer))

    def run(kind: str, **fields) -> Path:
        out = folder / f"{kind}-{len(list(folder.iterdir()))}"
        out.mkdir()
        model = {"path": str(FOLDER), "ropeTheta": None, "dtype": "float32", "device": "cpu"}
        shared = {"jobId": "j", "outputDir": str(out), "seed": 0, "adapterDir": None, "dataFile": str(data), "maxNewTokens": 6, "maxExamples": None}
        parsed = parse_job(json.dumps({"kind": kind, "model": model, **shared, **fields}))
        {"score": score, "mask": mask}[kind].run(parsed, base, Quiet())
        return out

    run.data = data
    return run


# Without their queries while decoding, the heads still spread what they found at prefill: less is lost.
@pytest.mark.parametrize(("mode", "left"), [("zero", 0.2), ("uniform", 0.6)])
def test_masked_retrieval_heads_break_answers_and_as_many_random_heads_do_not(job, mode, left):
    scores = json.loads((job("score", score={}) / "scores.json").read_text())
    ranked = sorted(((value, layer, head) for layer, row in enumerate(scores["retrieval"]) for head, value in enumerate(row)), reverse=True)
    top = [[layer, head] for value, layer, head in ranked[:TOP] if value > 0]
    assert len(top) == TOP and ranked[0][0] > 0.5
    # As in the quickstart: not the top ones, and none of layer 0, whose heads find the previous token for all others.
    others = [[layer, head] for _, layer, head in ranked[TOP:] if layer > 0]
    sets = [{"id": "top", "heads": top}, *({"id": f"random-{draw}", "heads": random.Random(draw).sample(others, TOP)} for draw in range(3))]
    out = job("mask", headSets=sets, mode=mode)

    def right(name: str) -> float:
        rows = zip(read_jsonl(job.data), read_jsonl(out / f"{name}.jsonl"), strict=True)
        return sum(example["answer"] == row["text"] for example, row in rows) / QUESTIONS

    assert right("unmasked") > 0.8
    assert right("top") < left
    for draw in range(3):
        assert right(f"random-{draw}") > 0.7
