"""Head scoring against a naive computation from full attention matrices, and against hand-made cases."""

import json
from collections import Counter

import numpy as np
import pytest
import torch
from conftest import bytes_of, make_base, make_example, read_jsonl, write_examples
from safetensors.numpy import load_file
from transformers import AutoModelForCausalLM

from needlework_trainer import score
from needlework_trainer.attention_rows import most_attended
from needlework_trainer.data import read_prompts
from needlework_trainer.jobs import ScoreJob, ScoreSpec
from needlework_trainer.protocol import Progress
from needlework_trainer.score import Targets, find_targets, insight_scores, retrieval_scores

FAMILIES = [("llama", {}), ("mistral", {"sliding_window": 40}), ("qwen3", {})]


class Quiet(Progress):
    def __init__(self):
        pass

    def report(self, *_, **__):
        pass

    log = report


def score_job(folder, data, **spec) -> ScoreJob:
    out = folder / f"out-{len(list(folder.iterdir()))}"
    out.mkdir()
    job = {"kind": "score", "jobId": "j", "outputDir": str(out), "seed": 0, "adapterDir": None, "dataFile": str(data)}
    model = {"path": "unused", "ropeTheta": None, "dtype": "float32", "device": "cpu"}
    return ScoreJob.model_validate_json(json.dumps({**job, "model": model, "maxNewTokens": 6, "maxExamples": None, "score": spec}))


def naive_scores(folder, base, example, written):
    """Eq. 1 and Eq. 2 as the paper writes them: all attention of the whole text, softmaxed, one head after another."""
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    prompt = base.tokenizer.raw.encode(example["prompt"])
    with torch.no_grad():
        attentions = model(input_ids=torch.tensor([prompt.ids + written]), output_attentions=True).attentions

    def spelled(token):
        return base.tokenizer.raw.id_to_token(token).removeprefix("Ġ")

    def inside(spans):
        return {i for i, (a, b) in enumerate(prompt.offsets) for s in spans if example["prompt"][max(a, s["start"]) : min(b, s["end"])].strip()}

    answer, needle = inside(example["answerSpans"]), inside(example["needles"])
    y = {spelled(prompt.ids[i]) for i in answer}
    layers, heads = len(attentions), attentions[0].shape[1]
    retrieval, insight = np.zeros((layers, heads)), np.zeros((layers, heads))
    attended = np.zeros((len(written), layers, heads), dtype=int)
    for layer in range(layers):
        for head in range(heads):
            got = set()
            for t, token in enumerate(written):
                place = int(attentions[layer][0, head, len(prompt.ids) + t - 1].argmax())
                attended[t, layer, head] = place
                if place in answer and spelled(prompt.ids[place]) == spelled(token):
                    got.add(spelled(token))
                insight[layer, head] = max(insight[layer, head], place in needle)
            retrieval[layer, head] = len(got & y) / len(y)
    return retrieval, insight, attended


@pytest.mark.parametrize(("family", "overrides"), FAMILIES)
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("decode", ["greedy", "teacher-forced"])
def test_scores_equal_a_naive_computation_head_for_head(tmp_path, family, overrides, seed, decode):
    base = make_base(tmp_path / "m", seed, family, **overrides)
    # Every token that can be generated should stand in the answer span, so that random heads retrieve something.
    words = "Anna Reed Selby Amber Mill Tower Quiet founded"
    examples = [make_example(base, 0), make_example(base, 1, prompt=f"So {words}. And {words} Anna Reed? Answer:", answer=words)]
    data = write_examples(tmp_path / "d.jsonl", examples)
    job = score_job(tmp_path, data, decode=decode)
    score.run(job, base, Quiet())
    out = load_file(f"{job.output_dir}/examples.safetensors")
    predictions = read_jsonl(tmp_path / job.output_dir / "predictions.jsonl")
    expected = []
    for i, example in enumerate(examples):
        ids = base.tokenizer.raw.encode(example["prompt"]).ids
        forced = base.tokenizer.encode_answer(example["prompt"], ids, example["answer"])
        written = predictions[i]["tokenIds"] if decode == "greedy" else forced
        retrieval, insight, attended = naive_scores(tmp_path / "m", base, example, written)
        a, b = out["offsets"][i : i + 2]
        np.testing.assert_array_equal(out["attended"][a:b], attended)
        np.testing.assert_array_equal(out["retrieval"][i], retrieval.astype(np.float32))
        np.testing.assert_array_equal(out["insight"][i], insight.astype(np.float32))
        expected.append((retrieval, insight))
    scores = json.loads((tmp_path / job.output_dir / "scores.json").read_text())
    assert scores["examples"] == 2 and (scores["layers"], scores["heads"]) == (3, 8)
    np.testing.assert_allclose(scores["retrieval"], np.mean([r for r, _ in expected], axis=0))
    np.testing.assert_allclose(scores["insight"], np.mean([i for _, i in expected], axis=0))
    assert np.sum(scores["insight"]) > 0
    if decode == "teacher-forced":
        assert np.sum(scores["retrieval"]) > 0


def test_a_head_built_by_hand_is_seen_to_look_where_it_was_told_to():
    """Two key-value heads, four heads; each query is the key it must find."""
    keys = torch.eye(6)[None, None].repeat(1, 2, 1, 1)
    keys[0, 1] = keys[0, 1].flip(0)
    query = torch.zeros(1, 4, 1, 6)
    for head, place in enumerate([2, 5, 0, 3]):
        query[0, head, 0, place] = 1
    assert most_attended(query, keys, None, 1.0)[:, 0].tolist() == [2, 5, 5 - 0, 5 - 3]
    window = torch.tensor([False, False, False, True, True, True])[None, None, None]
    assert most_attended(query, keys, window, 1.0)[0, 0] == 3


def test_rows_of_several_queries_are_causal():
    keys = torch.arange(4.0).view(1, 1, 4, 1)
    assert most_attended(torch.ones(1, 1, 3, 1), keys, None, 1.0).tolist() == [[1, 2, 3]]


# Prompt words 10 20 30 20; the answer "20 30" stands at places 1 and 2, the needle at 0 to 2.
HAND = Targets(np.array([10, 20, 30, 20]), np.array([False, True, True, False]), np.array([True, True, True, False]), Counter([20, 30]))


@pytest.mark.parametrize(
    ("places", "written", "retrieval", "insight"),
    [
        ([1, 2], [20, 30], 1.0, 1),
        ([1, 1], [20, 30], 0.5, 1),  # looks at 20 while 30 is written
        ([3, 3], [20, 20], 0.0, 0),  # the right token at the wrong place
        ([1, 1], [20, 20], 0.5, 1),  # retrieved twice, counted once
        ([0, 3], [10, 30], 0.0, 1),
        ([4, 5], [20, 30], 0.0, 0),  # looks at what it wrote itself
        ([], [], 0.0, 0),
    ],
)
def test_equations_on_paper(places, written, retrieval, insight):
    attended = np.array(places, dtype=int).reshape(-1, 1, 1)
    written = np.array(written, dtype=int)
    assert retrieval_scores(attended, written, HAND, "set")[0, 0] == retrieval
    assert insight_scores(attended, HAND)[0, 0] == insight


def test_a_multiset_counts_a_token_as_often_as_the_answer_has_it():
    targets = Targets(np.array([7, 7, 8]), np.array([True] * 3), np.array([True] * 3), Counter([7, 7, 8]))
    once, twice = (np.array(p).reshape(-1, 1, 1) for p in ([0, 2], [0, 1, 0]))
    assert retrieval_scores(once, np.array([7, 8]), targets, "multiset")[0, 0] == pytest.approx(2 / 3)
    assert retrieval_scores(twice, np.array([7, 7, 7]), targets, "multiset")[0, 0] == pytest.approx(2 / 3)
    assert retrieval_scores(once, np.array([7, 8]), targets, "set")[0, 0] == 1


def targets_of(base, tmp_path, example, **spec):
    (prompt,) = read_prompts(str(write_examples(tmp_path / "t.jsonl", [example])), base.tokenizer)
    ids = base.tokenizer.encode_answer(example["prompt"], prompt.ids, example["answer"])
    return find_targets(prompt, base.tokenizer, ids, ScoreSpec.model_validate(spec)), ids


def test_the_answer_is_counted_once_however_it_is_cut_into_tokens(tmp_path):
    base = make_base(tmp_path / "m")
    example = make_example(base, prompt="“Selby” is (Selby). It is Selby indeed. Answer:", answer="Selby")
    targets, ids = targets_of(base, tmp_path, example)
    assert set(targets.answer) == set(base.tokenizer.words(ids).tolist())
    assert targets.in_answer.sum() >= 3


def test_one_writing_of_one_alias_is_the_whole_answer(tmp_path):
    base = make_base(tmp_path / "m")
    example = make_example(base, prompt="So Selby, SELBY and Tarn. Answer:", answer="Selby")
    example["answers"] = ["Selby", "Tarn"]
    example["answerSpans"] = [{"start": 3, "end": 8}, {"start": 10, "end": 15}, {"start": 20, "end": 24}]
    targets, ids = targets_of(base, tmp_path, example)
    assert set(targets.answer) == set(base.tokenizer.words(ids).tolist())
    # A head that copies what the model is trained to write has retrieved it all.
    positions = np.array([np.flatnonzero(targets.words == word)[0] for word in base.tokenizer.words(ids)])[:, None, None]
    assert retrieval_scores(positions, base.tokenizer.words(ids), targets, "set") == 1


def test_the_numbers_of_a_citation_add_up(tmp_path):
    base = make_base(tmp_path / "m")
    example = make_example(base, prompt="Selby then Tarn. Answer:", answer="Selby")
    example |= {"task": "summhay", "answerSpans": [{"start": 0, "end": 5}, {"start": 11, "end": 15}]}
    both, _ = targets_of(base, tmp_path, example)
    one, _ = targets_of(base, tmp_path, {**example, "task": "mdqa"})
    assert both.answer.total() > one.answer.total()


def test_answers_are_looked_for_in_the_needle_or_everywhere(tmp_path):
    base = make_base(tmp_path / "m")
    example = make_example(base, prompt="So Anna Reed came. So Anna Reed left. Answer:")
    example["answerSpans"] = example["answerSpans"][:1]
    needle, _ = targets_of(base, tmp_path, example)
    everywhere, _ = targets_of(base, tmp_path, example, answerSpans="all")
    assert everywhere.in_answer.sum() == 2 * needle.in_answer.sum() > 0
    assert everywhere.answer == needle.answer


def test_examples_without_an_answer_in_the_context_score_zero_and_are_counted(tmp_path):
    base = make_base(tmp_path / "m")
    job = score_job(tmp_path, write_examples(tmp_path / "d.jsonl", [make_example(base, answerSpans=[])]))
    result = score.run(job, base, Quiet())
    assert result.summary["examplesWithoutAnswerSpan"] == 1 and result.summary["retrievalHeads"] == 0


def test_the_gate_leaves_out_wrong_answers(tmp_path):
    base = make_base(tmp_path / "m")
    wrong = make_example(base, 0)
    job = score_job(tmp_path, write_examples(tmp_path / "d.jsonl", [wrong]))
    score.run(job, base, Quiet())
    said = read_jsonl(tmp_path / job.output_dir / "predictions.jsonl")[0]["text"]
    right = {**wrong, "answers": [*wrong["answers"], said]}
    gated = score_job(tmp_path, write_examples(tmp_path / "d.jsonl", [wrong, right, wrong]), gate="correct")
    assert score.run(gated, base, Quiet()).summary["examplesCounted"] == 1


def test_the_same_job_gives_the_same_bytes(bench):
    first = bytes_of(bench.done(bench.job("score")))
    assert first.keys() == {"examples.safetensors", "predictions.jsonl", "scores.json"}
    assert bytes_of(bench.done(bench.job("score"))) == first
    plain = bench.done(bench.job("evaluate"))
    assert (plain / "predictions.jsonl").read_bytes() == first["predictions.jsonl"]
