"""Masking equals cutting the heads out of the weights."""

import json

import pytest
import torch
from conftest import bytes_of, make_base, make_folder, read_jsonl
from peft import PeftModel
from transformers import AutoModelForCausalLM, DynamicCache

from needlework_trainer.adapters import attached
from needlework_trainer.decode import greedy
from needlework_trainer.mask import masked, uniform

HEADS = [(0, 1), (0, 7), (2, 3)]


@pytest.mark.parametrize(("family", "seed", "overrides"), [("llama", 0, {}), ("llama", 1, {}), ("mistral", 2, {"sliding_window": 12}), ("qwen2", 3, {})])
def test_masking_equals_zeroing_the_columns_of_o_proj(tmp_path, family, seed, overrides):
    base = make_base(tmp_path / "m", seed, family, **overrides)
    model, ids = base.model, torch.tensor([[1, *range(20, 60)]])
    with torch.no_grad():
        plain = model(input_ids=ids).logits
        with masked(model, HEADS):
            by_hook = model(input_ids=ids).logits
            tokens_by_hook = greedy(model, ids[0].tolist(), set(), 8).token_ids
        assert torch.equal(model(input_ids=ids).logits, plain)
        tokens_plain = greedy(model, ids[0].tolist(), set(), 8).token_ids
        for layer, head in HEADS:
            model.model.layers[layer].self_attn.o_proj.weight[:, head * 16 : (head + 1) * 16] = 0
        by_weight = model(input_ids=ids).logits
        tokens_by_weight = greedy(model, ids[0].tolist(), set(), 8).token_ids
    torch.testing.assert_close(by_hook, by_weight)
    assert not torch.allclose(by_hook, plain)
    assert tokens_by_hook == tokens_by_weight != tokens_plain


def test_masking_equals_zeroing_the_columns_of_the_merged_o_proj(bench, tmp_path):
    adapter = str(bench.done(bench.job("train", train={"learningRate": 0.05, "warmupShare": 0})))
    plain = AutoModelForCausalLM.from_pretrained(bench.model)
    # A copy of the adapter, named in the way that PEFT knows.
    config = json.loads(open(f"{adapter}/adapter_config.json").read()) | {"base_model_name_or_path": str(bench.model)}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    (tmp_path / "adapter_model.safetensors").write_bytes(open(f"{adapter}/adapter_model.safetensors", "rb").read())
    merged = PeftModel.from_pretrained(plain, str(tmp_path)).merge_and_unload().eval()
    ids = torch.tensor([[1, *range(20, 60)]])
    with torch.no_grad():
        unmasked = merged(input_ids=ids).logits
        for layer, head in HEADS:
            merged.model.layers[layer].self_attn.o_proj.weight[:, head * 16 : (head + 1) * 16] = 0
        expected = merged(input_ids=ids).logits
        with attached(bench.base, adapter) as model, masked(model, HEADS):
            found = model(input_ids=ids).logits
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(expected, unmasked, atol=1e-2)


@pytest.mark.parametrize(("family", "overrides"), [("llama", {}), ("mistral", {"sliding_window": 7}), ("qwen2", {}), ("qwen3", {})])
def test_heads_without_queries_attend_all_keys_alike(tmp_path, family, overrides):
    model = AutoModelForCausalLM.from_pretrained(make_folder(tmp_path / "m", 0, family, **overrides), attn_implementation="eager").eval()
    ids = torch.tensor([[1, *range(20, 30)]])
    with torch.no_grad():
        plain = model(input_ids=ids, output_attentions=True).attentions
        with uniform(model, HEADS):
            found = model(input_ids=ids, output_attentions=True).attentions
        assert torch.equal(model(input_ids=ids, output_attentions=True).attentions[2], plain[2])
    alike = (plain[0] > 0).float()[0, 0]
    alike /= alike.sum(-1, keepdim=True)
    for layer, head in HEADS:
        torch.testing.assert_close(found[layer][0, head], alike)
    # Layer 0 sees the same in both: its other heads are as they were.
    others = [head for head in range(8) if (0, head) not in HEADS]
    assert torch.equal(found[0][0, others], plain[0][0, others])
    assert not torch.allclose(plain[0][0, 1], alike, atol=0.05)


def test_uniform_masking_is_of_decoding_only_and_equals_queries_cut_out_of_the_weights(bench):
    """Prefill by the whole model, decoding by one whose query weights are zero where the masked heads' are."""
    every = [[0, head] for head in range(8)] + [[2, 3]]
    out = bench.done(bench.job("mask", mode="uniform", headSets=[{"id": "some", "heads": every}]))
    whole, cut = (AutoModelForCausalLM.from_pretrained(bench.model, rope_parameters={"rope_type": "default", "rope_theta": 40_000.0}).eval() for _ in range(2))
    with torch.no_grad():
        for layer, head in every:
            cut.model.layers[layer].self_attn.q_proj.weight[head * 16 : (head + 1) * 16] = 0
        for example, prediction in zip(bench.examples, read_jsonl(out / "some.jsonl"), strict=True):
            ids, cache, expected = bench.base.tokenizer.raw.encode(example["prompt"]).ids, DynamicCache(), []
            whole(input_ids=torch.tensor([ids[:-1]]), past_key_values=cache)
            current = ids[-1]
            while len(expected) < 5 and (current := int(cut(input_ids=torch.tensor([[current]]), past_key_values=cache).logits[0, -1].argmax())) != 2:
                expected.append(current)
            assert prediction["tokenIds"] == expected
    assert (out / "some.jsonl").read_bytes() != (out / "unmasked.jsonl").read_bytes()


def test_what_sets_share_changes_no_byte(bench):
    """Several sets in one job, and each in a job of its own that shares nothing but the unmasked pass."""
    sets = [{"id": f"layers-from-{layer}", "heads": [[number, head] for number in range(layer, 3) for head in (1, 4, 6)]} for layer in (2, 0, 1)]
    together = bytes_of(bench.done(bench.job("mask", headSets=sets)))
    assert len(set(together.values())) == 4
    model, tokenizer = bench.base.model, bench.base.tokenizer
    out = bench.done(bench.job("mask", headSets=sets, model={"path": str(bench.model), "ropeTheta": None, "dtype": "float32", "device": "cpu"}))
    for head_set in sets:
        with masked(model, [tuple(head) for head in head_set["heads"]]):
            alone = [greedy(model, tokenizer.raw.encode(example["prompt"]).ids, tokenizer.stop_ids, 5).token_ids for example in bench.examples]
        assert [row["tokenIds"] for row in read_jsonl(out / f"{head_set['id']}.jsonl")] == alone


def test_masking_reaches_under_an_adapter(bench):
    adapter = str(bench.done(bench.job("train", train={"learningRate": 0.05, "warmupShare": 0})))
    every = [[layer, head] for layer in range(3) for head in range(8)]
    out = bench.done(bench.job("mask", adapterDir=adapter, headSets=[{"id": "none", "heads": []}, {"id": "all", "heads": every}]))
    bare = bench.done(bench.job("mask", headSets=[{"id": "all", "heads": every}]))
    plain = bench.done(bench.job("evaluate", adapterDir=adapter))
    assert (out / "none.jsonl").read_bytes() == (out / "unmasked.jsonl").read_bytes() == (plain / "predictions.jsonl").read_bytes()
    # Only attention is adapted, and none of it gets through: what is left is the base without attention.
    assert (out / "all.jsonl").read_bytes() == (bare / "all.jsonl").read_bytes() != (out / "none.jsonl").read_bytes()


def test_every_set_has_its_file_in_the_order_of_the_examples(bench):
    sets = [{"id": "top-2", "heads": [[0, 0], [1, 1]]}, {"id": "random-2-0", "heads": [[2, 2], [1, 3]]}]
    out = bench.done(bench.job("mask", headSets=sets, maxExamples=4))
    assert sorted(bytes_of(out)) == ["random-2-0.jsonl", "top-2.jsonl", "unmasked.jsonl"]
    for name in bytes_of(out):
        assert [p["id"] for p in read_jsonl(out / name)] == ["e0", "e1", "e2", "e3"]
