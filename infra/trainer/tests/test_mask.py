"""Masking equals cutting the heads out of the weights."""

import pytest
import torch
from conftest import bytes_of, make_base, read_jsonl

from needlework_trainer.decode import greedy
from needlework_trainer.mask import masked

HEADS = [(0, 1), (0, 7), (2, 3)]


@pytest.mark.parametrize(("family", "seed"), [("llama", 0), ("llama", 1), ("mistral", 2), ("qwen2", 3)])
def test_masking_equals_zeroing_the_columns_of_o_proj(tmp_path, family, seed):
    base = make_base(tmp_path / "m", seed, family)
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
