"""Head scoring against a naive computation from full attention matrices, and against hand-made cases."""

import json
from collections import Counter

import numpy as np
import pytest
import torch
from conftest import Bench, Quiet, bytes_of, make_base, make_example, make_folder, model_ref, read_jsonl, write_examples
from safetensors.numpy import load_file, save_file
from transformers import AutoModelForCausalLM

from needlework_trainer import attention_rows, score
from needlework_trainer.attention_rows import most_attended
from needlework_trainer.data import read_prompts
from needlework_trainer.jobs import ScoreJob, ScoreSpec
from needlework_trainer.models import load_base
from needlework_trainer.score import Targets, find_targets, insight_scores, retrieval_scores
from needlework_trainer.tokens import ModelTokenizer

# The window is much shorter than the prompts.
FAMILIES = [("llama", {}), ("mistral", {"sliding_window": 24}), ("qwen3", {})]


def score_job(folder, data, **spec) -> ScoreJob:
    out = folder / f"out-{len(list(folder.iterdir()))}"
    out.mkdir()
    job = {"kind": "score", "jobId": "j", "outputDir": str(out), "seed": 0, "adapterDir": None, "dataFile": str(data)}
    model = {"path": "unused", "ropeTheta": None, "dtype": "float32", "device": "cpu"}
    return ScoreJob.model_validate_json(json.dumps({**job, "model": model, "maxNewTokens": 12, "maxExamples": None, "score": spec}))


def naive_scores(folder, base, example, written, **overrides):
    """Eq. 1 and Eq. 2 as the paper writes them: all attention of the whole text, softmaxed, one head after another."""
    model = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", **overrides).eval()
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


def talkative_base(folder, seed, family, words, **overrides):
    """A random model that can only write the tokens of `words`, so that what it writes stands in the prompt again and again."""
    make_folder(folder, seed, family, tie_word_embeddings=False, **overrides)
    tokenizer = ModelTokenizer.load(folder)
    weights = load_file(folder / "model.safetensors")
    ids = tokenizer.raw.encode(f" {words}", add_special_tokens=False).ids
    # Each word calls for the next, so that it does not repeat one for ever.
    following = {after: weights["model.embed_tokens.weight"][before] for before, after in zip(ids, ids[1:] + ids[:1], strict=True)}
    weights["lm_head.weight"][:] = 0
    for token, call in following.items():
        weights["lm_head.weight"][token] = call
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return load_base(model_ref(folder))


@pytest.mark.parametrize(("family", "overrides"), FAMILIES)
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("decode", ["greedy", "teacher-forced"])
def test_scores_equal_a_naive_computation_head_for_head(tmp_path, family, overrides, seed, decode):
    words = "Anna Reed Selby Amber"
    base = talkative_base(tmp_path / "m", seed, family, words, **overrides)
    copies = f"{words} and {words} or {words}, {words}. {words} So"
    examples = [make_example(base, i, prompt=f"{start} {copies} {words}? Answer:", answer=words) for i, start in enumerate(["So", "Quiet So"])]
    for example in examples:
        # The last copy lies outside the needle and does not count.
        example["needles"] = [{"start": example["answerSpans"][0]["start"], "end": example["answerSpans"].pop()["start"] - 1}]
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
        np.testing.assert_array_equal(out["written"][a:b], written)
        np.testing.assert_array_equal(out["attended"][a:b], attended)
        np.testing.assert_array_equal(out["retrieval"][i], retrieval.astype(np.float32))
        np.testing.assert_array_equal(out["insight"][i], insight.astype(np.float32))
        assert out["prompt_tokens"][i] == len(ids) >= 40
        if window := overrides.get("sliding_window"):
            # The window decides: with the whole prompt in sight heads would look at what lies outside.
            assert (attended > np.arange(len(written))[:, None, None] + len(ids) - 1 - window).all()
            assert (naive_scores(tmp_path / "m", base, example, written, sliding_window=None)[2] != attended).any()
        expected.append((retrieval, insight))
    scores = json.loads((tmp_path / job.output_dir / "scores.json").read_text())
    assert scores["examples"] == 2 and (scores["layers"], scores["heads"]) == (3, 8)
    np.testing.assert_allclose(scores["retrieval"], np.mean([r for r, _ in expected], axis=0))
    np.testing.assert_allclose(scores["insight"], np.mean([i for _, i in expected], axis=0))
    assert out["counted"].tolist() == [True, True]
    # The comparison is of scores, not of zeros: many heads retrieve something, and not all the same.
    assert np.mean(np.array(scores["retrieval"]) > 0) > 1 / 4 and len(np.unique(scores["retrieval"])) >= 3


@pytest.mark.parametrize(("family", "seed", "overrides"), [("llama", 4, {}), ("mistral", 5, {"sliding_window": 12})])
def test_under_an_adapter_scores_are_those_of_the_model_with_the_adapter_merged(tmp_path, family, seed, overrides):
    words = "Anna Reed Selby Amber"
    bench = Bench(tmp_path, lambda folder: make_folder(folder, seed, family, **overrides))
    adapter = str(bench.done(bench.job("train", train={"learningRate": 0.05, "warmupShare": 0})))
    model = json.loads(model_ref(bench.model).model_dump_json(by_alias=True, exclude_unset=True))
    example = make_example(bench.base, prompt=f"So {words} and {words}. {words}? Answer:", answer=words)
    out = bench.done(bench.job("score", model=model, adapterDir=adapter, dataFile=str(write_examples(tmp_path / "d.jsonl", [example])), score={"decode": "teacher-forced"}))
    (merged := tmp_path / "merged").mkdir()
    plain = AutoModelForCausalLM.from_pretrained(bench.model)
    for name, weight in load_file(f"{adapter}/adapter_model.safetensors").items():
        if name.endswith("lora_A.weight"):
            up = load_file(f"{adapter}/adapter_model.safetensors")[name.replace("lora_A", "lora_B")]
            # r = alpha: the product counts as it is.
            plain.get_submodule(name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")).weight.data += torch.tensor(up @ weight)
    plain.save_pretrained(merged)
    ids = bench.base.tokenizer.raw.encode(example["prompt"]).ids
    retrieval, insight, attended = naive_scores(merged, bench.base, example, bench.base.tokenizer.encode_answer(example["prompt"], ids, words))
    found = load_file(out / "examples.safetensors")
    np.testing.assert_array_equal(found["attended"], attended)
    np.testing.assert_array_equal(found["retrieval"][0], retrieval.astype(np.float32))
    np.testing.assert_array_equal(found["insight"][0], insight.astype(np.float32))
    bare = load_file(bench.done(bench.job("score", model=model, dataFile=str(tmp_path / "d.jsonl"), score={"decode": "teacher-forced"})) / "examples.safetensors")
    assert (bare["attended"] != attended).any() and retrieval.any()


@pytest.mark.parametrize("decode", ["greedy", "teacher-forced"])
@pytest.mark.parametrize(("family", "overrides"), [("llama", {}), ("mistral", {"sliding_window": 24}), ("qwen3", {})])
def test_in_bfloat16_a_head_looked_where_its_probability_is_highest(tmp_path, monkeypatch, family, overrides, decode):
    """From the very queries and keys of the job, in float64, each head by itself: a model in bfloat16 rounds otherwise in another pass."""
    words = "Anna Reed Selby Amber"
    talkative_base(tmp_path / "m", 3, family, words, **overrides)
    base = load_base(model_ref(tmp_path / "m").model_copy(update={"dtype": "bfloat16"}))
    example = make_example(base, prompt=f"So {words} and {words} or {words}, {words}. {words}? Answer:", answer=words)
    looked: dict[int, list[np.ndarray]] = {}
    fast = attention_rows._fast

    def watched(module, query, key, value, mask, scaling, **kwargs):
        if attention_rows._recording is not None:
            assert query.dtype == torch.bfloat16
            for row in range(query.shape[2]):
                own = key.shape[2] - query.shape[2] + row
                first = max(0, own + 1 - overrides.get("sliding_window", 10**6))
                for head in range(8):
                    scores = (key[0, head // 4, first : own + 1].double() @ query[0, head, row].double()) * scaling
                    looked.setdefault(module.layer_idx, []).append(first + int(torch.softmax(scores, 0).argmax()))
        return fast(module, query, key, value, mask, scaling, **kwargs)

    monkeypatch.setattr(attention_rows, "_fast", watched)
    job = score_job(tmp_path, write_examples(tmp_path / "d.jsonl", [example]), decode=decode)
    score.run(job, base, Quiet())
    out = load_file(f"{job.output_dir}/examples.safetensors")
    written = int(out["offsets"][-1])
    expected = np.stack([np.array(looked[layer]).reshape(-1, 8)[:written] for layer in range(3)], axis=1)
    np.testing.assert_array_equal(out["attended"], expected)
    assert written >= 4 and len(np.unique(expected)) > 8 and (out["retrieval"] > 0).any()


def test_scoring_takes_no_pass_through_the_model_that_answering_does_not_take(bench):
    """Retrieval and insight come from the same pass, and it is the one that writes the answer."""
    bench.done(bench.job("evaluate"))
    passes = []
    hook = bench.session._models._base.model.model.register_forward_pre_hook(lambda _m, _a, k: passes.append(tuple(k["input_ids"].shape)), with_kwargs=True)
    try:
        bench.done(bench.job("evaluate"))
        answering = passes.copy()
        passes.clear()
        bench.done(bench.job("score"))
    finally:
        hook.remove()
    assert passes == answering and max(length for _, length in passes) > 10 and passes.count((1, 1)) >= 6 * 5


def by_hand(folder, heads, chain, positions):
    """A model whose every head looks where `heads[layer][head]` says: from the token at hand to the token to attend.

    Its stream is the token at hand, one-hot; attention and feed-forward add nothing to it; `chain` says what is written after
    which token. RoPE turns the dimensions that carry the code by less than 1e-5. The second group of heads reads keys in
    another code, so that a head which read the wrong group's keys would look elsewhere.
    """
    width, slow = 128, 24
    number = {token: i for i, token in enumerate(positions)}
    assert len(number) <= 40
    make_folder(folder, 0, "llama", tie_word_embeddings=False, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                head_dim=width, rope_parameters={"rope_type": "default", "rope_theta": 1e20})
    weights = {name: np.zeros_like(weight) for name, weight in load_file(folder / "model.safetensors").items()}
    for name, weight in weights.items():
        if "norm" in name:
            weight[:] = 1
    for token, i in number.items():
        weights["model.embed_tokens.weight"][token, i] = 1

    def place(token, group):
        return slow + (number[token] if group == 0 else 39 - number[token])

    for token, following in chain.items():
        weights["lm_head.weight"][following, number[token]] = 1
    for layer, row in enumerate(heads):
        for token, i in number.items():
            for group in range(2):
                weights[f"model.layers.{layer}.self_attn.k_proj.weight"][group * width + place(token, group), i] = 1
            for head, target in enumerate(row):
                weights[f"model.layers.{layer}.self_attn.q_proj.weight"][head * width + place(target(token), head // 2), i] = 1
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    return load_base(model_ref(folder))


@pytest.mark.parametrize("decode", ["greedy", "teacher-forced"])
def test_heads_built_by_hand_have_the_scores_worked_out_on_paper(tmp_path, decode):
    """Answer "Anna Reed" (written after ":", two tokens and an end), in the needle; "Selby" stands outside, "Mill" in the needle."""
    tokenizer = ModelTokenizer.load(make_folder(tmp_path / "t", 0))
    needle, answer = "Amber Mill was founded by Anna Reed", "Anna Reed"
    text = f"Who stands in Selby. {needle}? Answer:"
    ids = tokenizer.raw.encode(text).ids

    def token(word):
        (found,) = tokenizer.raw.encode(f" {word}", add_special_tokens=False).ids
        return found

    anna, reed, selby, mill, colon = (*map(token, ["Anna", "Reed", "Selby", "Mill"]), ids[-1])
    at = {t: ids.index(t) for t in (anna, reed, selby, mill, colon)}
    assert all(ids.count(t) == 1 for t in at)
    chain = {colon: anna, anna: reed, reed: tokenizer.eos_id}
    def itself(t):
        return t

    only_first = {colon: anna}.get
    heads = [
        # copies the answer | looks at the token at hand | its first token only, then Selby | Selby
        [lambda t: anna if t == colon else reed, itself, lambda t: only_first(t, selby), lambda t: selby],
        # Mill | the next token's place one step late, always Anna | copies the answer | ":"
        [lambda t: mill, lambda t: anna, lambda t: reed if t == anna else anna, lambda t: colon],
    ]
    base = by_hand(tmp_path / "m", heads, chain, dict.fromkeys(ids))
    start = text.index(needle)
    span = {"start": text.index(answer), "end": text.index(answer) + len(answer)}
    example = make_example(base, prompt=text, answer=answer, needles=[{"start": start, "end": start + len(needle)}], answerSpans=[span])
    data = write_examples(tmp_path / "d.jsonl", [example])
    job = score_job(tmp_path, data, decode=decode)
    score.run(job, base, Quiet())
    scores, out = json.loads((tmp_path / job.output_dir / "scores.json").read_text()), load_file(f"{job.output_dir}/examples.safetensors")
    assert out["written"].tolist() == [anna, reed]
    assert out["attended"][0].tolist() == [[at[anna], at[colon], at[anna], at[selby]], [at[mill], at[anna], at[anna], at[colon]]]
    assert out["attended"][1].tolist() == [[at[reed], at[anna], at[selby], at[selby]], [at[mill], at[anna], at[reed], at[colon]]]
    assert scores["retrieval"] == [[1, 0, 0.5, 0], [0, 0.5, 1, 0]]
    assert scores["insight"] == [[1, 1, 1, 0], [1, 1, 1, 0]]
    # With the token asked for too, looking at the needle is not enough.
    strict = score_job(tmp_path, data, decode=decode, insightMatch="token")
    score.run(strict, base, Quiet())
    assert json.loads((tmp_path / strict.output_dir / "scores.json").read_text())["insight"] == [[1, 0, 1, 0], [0, 1, 1, 0]]


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
    ("places", "written", "retrieval", "insight", "with_token"),
    [
        ([1, 2], [20, 30], 1.0, 1, 1),
        ([1, 1], [20, 30], 0.5, 1, 1),  # looks at 20 while 30 is written
        ([2, 1], [20, 30], 0.0, 1, 0),  # the other way round
        ([3, 3], [20, 20], 0.0, 0, 0),  # the right token at the wrong place
        ([1, 1], [20, 20], 0.5, 1, 1),  # retrieved twice, counted once
        ([0, 3], [10, 30], 0.0, 1, 1),  # a token of the needle, but not of the answer
        ([4, 5], [20, 30], 0.0, 0, 0),  # looks at what it wrote itself
        ([], [], 0.0, 0, 0),
    ],
)
def test_equations_on_paper(places, written, retrieval, insight, with_token):
    attended = np.array(places, dtype=int).reshape(-1, 1, 1)
    written = np.array(written, dtype=int)
    assert retrieval_scores(attended, written, HAND, "set")[0, 0] == retrieval
    assert insight_scores(attended, written, HAND, "position")[0, 0] == insight
    assert insight_scores(attended, written, HAND, "token")[0, 0] == with_token


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
    assert load_file(f"{gated.output_dir}/examples.safetensors")["counted"].tolist() == [False, True, False]


def test_every_example_has_its_scores_and_places(tmp_path):
    """The tensors of `HEAD_EXAMPLES` (workflows/contracts/results.ts), and means that follow from them."""
    base = make_base(tmp_path / "m")
    examples = [make_example(base, n) for n in range(3)]
    job = score_job(tmp_path, write_examples(tmp_path / "d.jsonl", examples), decode="teacher-forced")
    score.run(job, base, Quiet())
    out = load_file(f"{job.output_dir}/examples.safetensors")
    n = int(out["offsets"][-1])
    assert {name: (str(t.dtype), t.shape) for name, t in out.items()} == {
        "retrieval": ("float32", (3, 3, 8)),
        "insight": ("float32", (3, 3, 8)),
        "attended": ("int32", (n, 3, 8)),
        "written": ("int32", (n,)),
        "offsets": ("int64", (4,)),
        "prompt_tokens": ("int32", (3,)),
        "counted": ("bool", (3,)),
    }
    ids = base.tokenizer.raw.encode(examples[0]["prompt"]).ids
    assert n == 3 * len(base.tokenizer.encode_answer(examples[0]["prompt"], ids, examples[0]["answer"]))
    scores = json.loads((tmp_path / job.output_dir / "scores.json").read_text())
    for name in ("retrieval", "insight"):
        np.testing.assert_allclose(out[name].mean(axis=0), scores[name], rtol=1e-6)
    # Where a head looked is before the token it was looked up for.
    for i in range(3):
        for row, t in enumerate(range(out["offsets"][i], out["offsets"][i + 1])):
            assert (out["attended"][t] < out["prompt_tokens"][i] + row).all() and (out["attended"][t] >= 0).all()


def test_the_same_job_gives_the_same_bytes(bench):
    first = bytes_of(bench.done(bench.job("score")))
    assert first.keys() == {"examples.safetensors", "predictions.jsonl", "scores.json"}
    assert bytes_of(bench.done(bench.job("score"))) == first
    plain = bench.done(bench.job("evaluate"))
    assert (plain / "predictions.jsonl").read_bytes() == first["predictions.jsonl"]
