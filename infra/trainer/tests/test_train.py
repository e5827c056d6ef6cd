"""Training: what is adapted, what carries loss, what stays as it was."""

import json
import re

import pytest
import torch
from conftest import bytes_of, make_base, make_example, make_folder, read_jsonl, write_examples
from safetensors.torch import load_file
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from trl import SFTConfig

from needlework_trainer import answer_trainer, loss
from needlework_trainer.adapters import attached
from needlework_trainer.answer_trainer import on_one_device
from needlework_trainer.attention_kernels import kernel_for, use_kernel
from needlework_trainer.data import read_prompts
from needlework_trainer.decode import greedy
from needlework_trainer.loss import IGNORED, summed_loss
from needlework_trainer.pace import throughput
from needlework_trainer.schedule import learning_rate_share, warmup_steps
from needlework_trainer.training_rows import collate, training_row

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
    monkeypatch.setattr(answer_trainer, "needs_checkpointing", lambda *_: True)
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


def test_a_whole_sequence_trains_the_same_in_chunks(bench, monkeypatch):
    spec = {"loss": "sequence", "learningRate": 5e-3, "epochs": 2}
    plain = read_jsonl(bench.done(bench.job("train", train=spec)) / "steps.jsonl")
    monkeypatch.setattr(loss, "_LOGITS_PER_CHUNK", 7 * bench.base.model.config.vocab_size)
    monkeypatch.setattr(answer_trainer, "needs_checkpointing", lambda *_: True)
    chunks = read_jsonl(bench.done(bench.job("train", train=spec)) / "steps.jsonl")
    for field in ("loss", "gradNorm"):
        assert [s[field] for s in chunks] == pytest.approx([s[field] for s in plain], rel=1e-3)
    assert plain[-1]["loss"] < plain[0]["loss"]


def test_bfloat16_trains_and_answers(bench):
    model = {**bench.job("evaluate")["model"], "dtype": "bfloat16"}
    adapter = bench.done(bench.job("train", model=model, train={"learningRate": 2e-2, "epochs": 12, "accumulationSteps": 2}))
    assert read_jsonl(adapter / "steps.jsonl")[-1]["loss"] < 0.3
    out = bench.done(bench.job("evaluate", model=model, adapterDir=str(adapter)))
    assert [p["text"] for p in read_jsonl(out / "predictions.jsonl")] == ["Anna Reed"] * 6
    # Its adapter fits the same base in another precision.
    assert bench.run(bench.job("evaluate", adapterDir=str(adapter)))["type"] == "result"


def test_checkpointing_is_for_long_contexts_only(bench):
    assert not answer_trainer.needs_checkpointing(bench.base, 1024)
    assert answer_trainer.needs_checkpointing(bench.base, 10_000_000)


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
    # 12 steps, 3 of warm-up: up to 1 after the third, then down to 0 one step after the last.
    expected = [1 / 4, 2 / 4, 3 / 4, *(1 - i / 9 for i in range(9))]
    assert [s["learningRate"] for s in steps] == pytest.approx([1e-3 * share for share in expected])
    assert all(s["gradNorm"] > 0 for s in steps)
    assert bench.progress[-1]["done"] == bench.progress[-1]["total"] == 12


@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.5, 0.99])
@pytest.mark.parametrize("steps", [1, 2, 7, 100])
def test_no_step_is_wasted(schedule, share, steps):
    warmup = warmup_steps(share, steps)
    shares = [learning_rate_share(schedule, index, warmup, steps) for index in range(steps)]
    assert all(0 < s <= 1 for s in shares)
    assert shares[warmup] == 1 and shares[:warmup] == sorted(set(shares[:warmup]))
    assert shares[warmup:] == sorted(shares[warmup:], reverse=True)


def test_every_step_is_recorded_with_what_it_took(bench):
    """`bench`'s examples have the same length but for the answer's number; two of them make a step."""
    out = bench.done(bench.job("train", train={"batchSize": 2, "accumulationSteps": 1}))
    steps, pace = read_jsonl(out / "steps.jsonl"), read_jsonl(out / "pace.jsonl")
    prompts = read_prompts(str(bench.data), bench.base.tokenizer)
    rows = [training_row(p, bench.base.tokenizer, "answer", 200) for p in prompts]
    assert sum(s["tokens"] for s in steps) == sum(len(r.input_ids) for r in rows)
    assert [(p["step"], p["tokens"]) for p in pace] == [(s["step"], s["tokens"]) for s in steps]
    for entry in pace:
        assert entry["tokensPerSecond"] == pytest.approx(entry["tokens"] / entry["seconds"])
        # The process holds torch, at least.
        assert entry["peakMemoryMiB"] > 50
    assert {"loss", "learningRate", "gradNorm", "tokens", "tokensPerSecond", "peakMemoryMiB"} <= bench.progress[-1]["metrics"].keys()
    assert throughput(pace)["trainedTokens"] == sum(s["tokens"] for s in steps)


def test_flash_attention_only_where_it_works():
    cuda, half = torch.device("cuda"), torch.bfloat16
    assert kernel_for(cuda, half, installed=True) == "flash_attention_2"
    for device, dtype, installed in [(cuda, half, False), (cuda, torch.float32, True), (torch.device("cpu"), half, True)]:
        assert kernel_for(device, dtype, installed) == "sdpa"


def blind_attention(module, query, key, value, attention_mask, **kwargs):
    """Knows nothing of sliding windows, as a kernel might whose mask is left to it."""
    return sdpa_attention_forward(module, query, key, value, None, **kwargs)


def plain_attention(module, query, key, value, attention_mask, **kwargs):
    return sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)


@pytest.mark.parametrize(("kernel", "used"), [(plain_attention, True), (blind_attention, False)])
def test_a_kernel_that_would_see_other_positions_is_not_used(tmp_path, kernel, used):
    AttentionInterface.register(kernel.__name__, kernel)
    AttentionMaskInterface.register(kernel.__name__, sdpa_mask)
    model, warnings = make_base(tmp_path / "m", 0, "mistral", sliding_window=12).model, []
    own = model.config._attn_implementation
    assert use_kernel(model, kernel.__name__, warnings.append) == (kernel.__name__ if used else "sdpa")
    assert model.config._attn_implementation == (kernel.__name__ if used else own)
    assert [kernel.__name__ in text and "12" in text for text in warnings] == ([] if used else [True])


def test_by_default_the_adapter_and_the_batches_are_the_papers(bench):
    """Appendix C.3: r = 8, alpha = 8, q, k, v and o, batches of 1 accumulated over 4."""
    out = bench.done(bench.job("train", train={}))
    config = json.loads((out / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (8, 8, 0) and set(config["target_modules"]) == ATTENTION
    prompts = read_prompts(str(bench.data), bench.base.tokenizer)
    lengths = [len(training_row(p, bench.base.tokenizer, "answer", 200).input_ids) for p in prompts]
    assert [step["tokens"] for step in read_jsonl(out / "steps.jsonl")] == [4 * lengths[0], 2 * lengths[0]] and len(set(lengths)) == 1


@pytest.mark.parametrize("loss", ["answer", "sequence"])
def test_while_a_job_trains_the_head_sees_no_position_without_loss(bench, loss):
    """Also inside the trainer of TRL, which puts a forward pass of its own in place of the model's."""
    bench.done(bench.job("evaluate"))
    head, seen = bench.session._models._base.model.lm_head, []
    hook = head.register_forward_hook(lambda _module, _inputs, output: seen.append(output.shape[:-1].numel()))
    try:
        line = bench.run(bench.job("train", train={"loss": loss}))
    finally:
        hook.remove()
    # And one of each example, which the pass through the decoder asks for.
    assert sum(seen) == line["summary"]["lossTokens"] + len(bench.examples)


def test_of_several_gpus_one_trains(tmp_path):
    """transformers would take all that it sees, and make steps of another size."""
    config = SFTConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False, per_device_train_batch_size=2)
    assert on_one_device(config).n_gpu == 0
    config._n_gpu = 8
    assert config.train_batch_size == 16
    assert on_one_device(config).train_batch_size == 2


def test_the_kernel_that_trained_is_told(bench):
    assert bench.run(bench.job("train"))["measurements"]["attention"] == "sdpa"


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
    assert re.search(r"at step \d+", error["message"]) and error["field"] == "train.learningRate"
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
