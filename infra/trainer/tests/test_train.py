"""Training: what is adapted, what carries loss, what stays as it was."""

import json

import pytest
import torch
from conftest import bytes_of, make_base, make_example, make_folder, read_jsonl, write_examples
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy

from needlework_trainer import train
from needlework_trainer.adapters import attached
from needlework_trainer.data import read_prompts
from needlework_trainer.decode import greedy
from needlework_trainer.train import IGNORED, collate, summed_loss, training_row

ATTENTION = {"q_proj", "k_proj", "v_proj", "o_proj"}
ALL = ATTENTION | {"gate_proj", "up_proj", "down_proj"}


@pytest.mark.parametrize(("targets", "names"), [("attention", ATTENTION), ("all", ALL)])
def test_lora_touches_only_the_named_projections(bench, targets, names):
    before = {n: w.clone() for n, w in bench.base.model.state_dict().items()}
    out = bench.done(bench.job("train", train={"targetModules": targets, "loraRank": 4, "learningRate": 1e-2, "accumulationSteps": 1, "warmupShare": 0}))
    weights = load_file(out / "adapter_model.safetensors")
    touched = {name.split(".lora_")[0].rpartition(".")[2] for name in weights}
    assert touched == names
    assert len(weights) == 2 * len(names) * 3
    for name, weight in weights.items():
        assert 4 in weight.shape
        assert weight.abs().max() > 0, f"{name} was not trained"
    # With the adapter merged, exactly the named projections differ from the base.
    with attached(bench.base, str(out)) as model:
        merged = model.merge_and_unload().state_dict()
    changed = {n.split(".")[-2] for n in before if not torch.equal(before[n], merged[n])}
    assert changed == names
    bench.base.model.load_state_dict(before)


def test_the_base_and_its_answers_are_the_same_before_and_after_adapter_jobs(bench):
    first = bytes_of(bench.done(bench.job("evaluate")))
    base = bench.session._models._base
    weights = {n: w.clone() for n, w in base.model.state_dict().items()}
    modules = [type(m) for m in base.model.modules()]
    attributes, config = set(base.model.__dict__), base.model.config.to_dict()

    adapter = bench.done(bench.job("train", train={"learningRate": 0.05, "epochs": 3, "warmupShare": 0}))
    tuned = bytes_of(bench.done(bench.job("evaluate", adapterDir=str(adapter))))
    bench.done(bench.job("score", adapterDir=str(adapter)))

    assert bench.session._models._base is base
    assert [type(m) for m in base.model.modules()] == modules
    assert {n: w for n, w in base.model.state_dict().items()}.keys() == weights.keys()
    assert all(torch.equal(w, weights[n]) for n, w in base.model.state_dict().items())
    assert not any(w.requires_grad for w in base.model.parameters())
    assert set(base.model.__dict__) == attributes and base.model.config.to_dict() == config
    assert tuned != first
    assert bytes_of(bench.done(bench.job("evaluate"))) == first


@pytest.mark.parametrize("fails", [False, True])
def test_checkpointing_gives_the_same_adapter_and_leaves_no_trace_even_after_a_failure(bench, monkeypatch, fails):
    spec = {"learningRate": 1e30 if fails else 5e-3, "epochs": 4, "warmupShare": 0, "schedule": "constant"}
    plain = None if fails else read_jsonl(bench.done(bench.job("train", train=spec)) / "steps.jsonl")
    before = bytes_of(bench.done(bench.job("evaluate")))
    model = bench.session._models._base.model
    attributes, hooks = set(model.__dict__), [len(m._forward_hooks) for m in model.modules()]
    monkeypatch.setattr(train, "needs_checkpointing", lambda *_: True)
    job = bench.job("train", train=spec)
    if fails:
        assert bench.run(job)["error"]["type"] == "NaNLoss"
    else:
        losses = [s["loss"] for s in read_jsonl(bench.done(job) / "steps.jsonl")]
        assert losses == pytest.approx([s["loss"] for s in plain], rel=1e-4)
    assert bench.session._models._base.model is model
    assert set(model.__dict__) == attributes and not model.is_activation_checkpointing
    assert [len(m._forward_hooks) for m in model.modules()] == hooks
    assert bytes_of(bench.done(bench.job("evaluate"))) == before


def test_bfloat16_trains_and_answers(bench):
    model = {**bench.job("evaluate")["model"], "dtype": "bfloat16"}
    adapter = bench.done(bench.job("train", model=model, train={"learningRate": 2e-2, "epochs": 12, "accumulationSteps": 2}))
    assert read_jsonl(adapter / "steps.jsonl")[-1]["loss"] < 0.3
    out = bench.done(bench.job("evaluate", model=model, adapterDir=str(adapter)))
    assert [p["text"] for p in read_jsonl(out / "predictions.jsonl")] == ["Anna Reed"] * 6
    # Its adapter fits the same base in another precision.
    assert bench.run(bench.job("evaluate", adapterDir=str(adapter)))["type"] == "result"


def test_checkpointing_is_for_long_contexts_only(bench):
    assert not train.needs_checkpointing(bench.base, 1024)
    assert train.needs_checkpointing(bench.base, 10_000_000)


def test_training_teaches_the_answer(bench):
    job = bench.job("train", train={"learningRate": 2e-2, "epochs": 12, "accumulationSteps": 2})
    adapter = bench.done(job)
    losses = [step["loss"] for step in read_jsonl(adapter / "steps.jsonl")]
    assert losses[-1] < 0.1 < losses[0]
    out = bench.done(bench.job("evaluate", adapterDir=str(adapter)))
    assert [p["text"] for p in read_jsonl(out / "predictions.jsonl")] == ["Anna Reed"] * 6
    assert {p["stoppedBy"] for p in read_jsonl(out / "predictions.jsonl")} == {"eos"}


def test_steps_follow_the_schedule(bench):
    spec = {"learningRate": 1e-3, "epochs": 2, "accumulationSteps": 1, "schedule": "linear", "warmupShare": 0.25}
    steps = read_jsonl(bench.done(bench.job("train", train=spec)) / "steps.jsonl")
    assert [s["step"] for s in steps] == list(range(1, 13))
    # 12 steps, 3 of warm-up: up from 0, then down to 0 one step after the last.
    expected = [0, 1 / 3, 2 / 3, *(1 - i / 9 for i in range(9))]
    assert [s["learningRate"] for s in steps] == pytest.approx([1e-3 * share for share in expected])
    assert all(s["gradNorm"] > 0 for s in steps)
    assert bench.progress[-1]["done"] == bench.progress[-1]["total"] == 12


def test_a_single_step_trains(bench):
    """The schedule starts at 0, so with its one step in warm-up such a run would learn nothing."""
    steps = read_jsonl(bench.done(bench.job("train", train={"accumulationSteps": 1000, "warmupShare": 0.03})) / "steps.jsonl")
    assert [s["learningRate"] > 0 for s in steps] == [True]


def test_loss_is_on_the_answer_and_the_end_token_only(tmp_path):
    base = make_base(tmp_path / "m")
    (prompt,) = read_prompts(str(write_examples(tmp_path / "d.jsonl", [make_example(base)])), base.tokenizer)
    row = training_row(prompt, base.tokenizer, "answer", 200)
    labelled = [t for t in row.labels if t != IGNORED]
    assert base.tokenizer.decode_answer(labelled) == "Anna Reed" and labelled[-1] == base.tokenizer.eos_id
    assert row.labels[: len(prompt.ids)] == [IGNORED] * len(prompt.ids)
    assert row.input_ids[: len(prompt.ids)] == prompt.ids
    whole = training_row(prompt, base.tokenizer, "sequence", 200)
    assert whole.labels == whole.input_ids == row.input_ids


@pytest.mark.parametrize("loss", ["answer", "sequence"])
@pytest.mark.parametrize("seed", [0, 1])
def test_loss_and_gradients_equal_the_plain_computation(tmp_path, loss, seed):
    base = make_base(tmp_path / "m", seed)
    examples = [make_example(base, 0), make_example(base, 12345, answer="Selby")]
    prompts = read_prompts(str(write_examples(tmp_path / "d.jsonl", examples)), base.tokenizer)
    rows = [training_row(p, base.tokenizer, loss, 200).__dict__ for p in prompts]
    batch = collate(rows, base.tokenizer.pad_id)
    assert "attention_mask" in batch
    model = base.model.requires_grad_(True)

    ours = summed_loss(model, batch)
    gradients = torch.autograd.grad(ours, list(model.parameters()))
    plain = 0
    for row in rows:
        logits = model(input_ids=torch.tensor([row["input_ids"]])).logits[0, :-1]
        plain = plain + cross_entropy(logits, torch.tensor(row["labels"][1:]), ignore_index=IGNORED, reduction="sum")
    torch.testing.assert_close(ours, plain)
    torch.testing.assert_close(gradients, torch.autograd.grad(plain, list(model.parameters())), rtol=1e-3, atol=1e-3)


def test_accumulating_equals_one_large_batch(bench):
    common = {"learningRate": 1e-2, "warmupShare": 0}
    small = bench.done(bench.job("train", train={**common, "batchSize": 1, "accumulationSteps": 6}))
    large = bench.done(bench.job("train", train={**common, "batchSize": 6, "accumulationSteps": 1}))
    a, b = read_jsonl(small / "steps.jsonl"), read_jsonl(large / "steps.jsonl")
    assert len(a) == len(b) == 1
    assert a[0]["loss"] == pytest.approx(b[0]["loss"], rel=1e-4)
    assert a[0]["gradNorm"] == pytest.approx(b[0]["gradNorm"], rel=1e-3)
    # The loss of the first step is the base's mean cross entropy per answer token.
    base = bench.session._models._base
    rows = [training_row(p, base.tokenizer, "answer", 200).__dict__ for p in read_prompts(str(bench.data), base.tokenizer)]
    batch = collate(rows, base.tokenizer.pad_id)
    with torch.no_grad():
        mean = summed_loss(base.model, batch) / (batch["labels"] != IGNORED).sum()
    assert a[0]["loss"] == pytest.approx(mean.item(), rel=1e-4)


def test_the_same_job_gives_the_same_bytes_and_another_seed_others(bench):
    first = bytes_of(bench.done(bench.job("train")))
    assert first.keys() == {"adapter_config.json", "adapter_model.safetensors", "steps.jsonl"}
    bench.session._models.drop()
    assert bytes_of(bench.done(bench.job("train"))) == first
    other = bytes_of(bench.done(bench.job("train", seed=4)))
    assert other["adapter_model.safetensors"] != first["adapter_model.safetensors"]
    for content in first.values():
        assert str(bench.folder).encode() not in content


def test_too_long_an_example_is_refused_not_cut(bench):
    error = bench.run(bench.job("train", maxTokens=20))["error"]
    assert error["type"] == "PromptTooLong" and error["field"] == "maxTokens" and "e0" in error["message"]


def test_a_loss_that_is_not_a_number_ends_the_job(bench):
    error = bench.run(bench.job("train", train={"learningRate": 1e30, "epochs": 20, "warmupShare": 0, "schedule": "constant"}))["error"]
    assert error["type"] == "NaNLoss" and not error["retryable"]
    assert bench.run(bench.job("train"))["type"] == "result"


def test_an_adapter_of_another_base_is_refused(bench, tmp_path):
    adapter = bench.done(bench.job("train"))
    other = {**bench.job("evaluate")["model"], "path": str(make_folder(tmp_path / "other", seed=77))}
    error = bench.run(bench.job("evaluate", model=other, adapterDir=str(adapter)))["error"]
    assert error["type"] == "AdapterMismatch" and error["field"] == "adapterDir"
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**config, "r": 3}))
    assert bench.run(bench.job("evaluate", adapterDir=str(adapter)))["error"]["type"] == "AdapterMismatch"
    # Neither attempt left anything behind.
    assert bench.run(bench.job("evaluate"))["type"] == "result"


def test_decoding_with_a_cache_equals_decoding_without(tmp_path):
    for seed, family in ((0, "llama"), (1, "mistral")):
        overrides = {"sliding_window": 12} if family == "mistral" else {}
        base = make_base(tmp_path / family, seed, family, **overrides)
        ids = base.tokenizer.encode_prompt(make_example(base)["prompt"]).ids
        expected = list(ids)
        with torch.no_grad():
            for _ in range(6):
                expected.append(int(base.model(input_ids=torch.tensor([expected]), use_cache=False).logits[0, -1].argmax()))
        assert greedy(base.model, ids, set(), 6).token_ids == expected[len(ids) :]
