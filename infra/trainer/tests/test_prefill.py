"""The first pass over a prompt: what is shared equals what is computed anew, and nothing is as large as length²."""

import pytest
import torch
from conftest import make_base
from torch.utils._python_dispatch import TorchDispatchMode

from needlework_trainer.decode import greedy, teacher_forced
from needlework_trainer.mask import masked
from needlework_trainer.prefill import QUERIES_PER_PASS, prefill, resume

FAMILIES = [
    ("llama", {}),
    ("mistral", {"sliding_window": 40}),
    ("qwen2", {}),
    ("qwen3", {}),
    ("gemma3_text", {"sliding_window": 40, "layer_types": ["sliding_attention", "full_attention", "sliding_attention"], "query_pre_attn_scalar": 16}),
]


def prompt_of(base, length: int) -> list[int]:
    draw = torch.Generator().manual_seed(length)
    return [1, *torch.randint(5, base.tokenizer.raw.get_vocab_size(), (length - 1,), generator=draw).tolist()]


class Largest(TorchDispatchMode):
    """Notes the most elements that any tensor made inside the block has memory for."""

    elements = 0

    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        made = function(*arguments, **(keywords or {}))
        for tensor in made if isinstance(made, (tuple, list)) else [made]:
            if isinstance(tensor, torch.Tensor):
                self.elements = max(self.elements, tensor.untyped_storage().nbytes() // tensor.itemsize)
        return made


@pytest.mark.parametrize(("family", "overrides"), FAMILIES)
@pytest.mark.parametrize("length", [90, QUERIES_PER_PASS + 100])
def test_a_pass_taken_up_at_a_layer_equals_a_whole_one(tmp_path, family, overrides, length):
    base = make_base(tmp_path / "m", 1, family, **overrides)
    ids = prompt_of(base, length)
    shared = prefill(base.model, ids, keep={1, 2})
    for layer in range(3):
        with masked(base.model, [(layer, 0), (2, 5)]):
            taken_up, whole = resume(base.model, ids, shared, layer), prefill(base.model, ids).cache
        assert len(taken_up.layers) == len(whole.layers) == 3
        changed = []
        for a, b, plain in zip(taken_up.layers, whole.layers, shared.cache.layers, strict=True):
            assert a.keys.shape[-2] == length - 1
            assert torch.equal(a.keys, b.keys) and torch.equal(a.values, b.values)
            changed.append(not torch.equal(a.keys, plain.keys))
        # Masking does something, and only above the layer of the first masked head.
        assert changed == [number > layer for number in range(3)]
    # The model is whole again.
    assert torch.equal(prefill(base.model, ids).cache.layers[2].keys, shared.cache.layers[2].keys)


def test_branches_of_a_cache_do_not_disturb_it(tmp_path):
    base = make_base(tmp_path / "m")
    ids = prompt_of(base, 60)
    shared = prefill(base.model, ids)
    first, second = (greedy(base.model, ids, set(), 6, cache=shared.branch()).token_ids for _ in range(2))
    assert first == second == greedy(base.model, ids, set(), 6).token_ids
    assert shared.cache.get_seq_length() == 59


def test_a_prompt_of_one_token_needs_no_first_pass(tmp_path):
    base = make_base(tmp_path / "m")
    shared = prefill(base.model, [7], keep={1})
    assert shared.cache.get_seq_length() == 0
    expected = greedy(base.model, [7], set(), 4).token_ids
    for cache in (shared.branch(), resume(base.model, [7], shared, 1)):
        assert greedy(base.model, [7], set(), 4, cache=cache).token_ids == expected


@pytest.mark.parametrize(("family", "overrides"), FAMILIES)
def test_pieces_of_a_prompt_give_what_one_pass_gives(tmp_path, family, overrides):
    """Windows are cut into pieces; a model of plain transformers, in one pass, knows nothing of that."""
    base = make_base(tmp_path / "m", 2, family, **overrides)
    ids = prompt_of(base, QUERIES_PER_PASS + 100)
    with torch.inference_mode():
        expected = base.model(input_ids=torch.tensor([ids]), use_cache=False).logits[0, -1]
        cache = prefill(base.model, ids).cache
        found = base.model(input_ids=torch.tensor([ids[-1:]]), past_key_values=cache, use_cache=True).logits[0, -1]
    torch.testing.assert_close(found, expected, atol=2e-4, rtol=1e-3)
    assert float(expected.std()) > 0.1


@pytest.mark.parametrize(("family", "overrides"), FAMILIES)
@pytest.mark.parametrize("decode", ["greedy", "teacher-forced"])
def test_no_tensor_is_ever_as_large_as_length_squared(tmp_path, family, overrides, decode):
    base = make_base(tmp_path / "m", 0, family, **overrides)
    most = {}
    for length in (2200, 4400):
        ids = prompt_of(base, length)
        with Largest() as largest:
            if decode == "greedy":
                attended = greedy(base.model, ids, set(), 4, rows=True).attended
            else:
                attended = teacher_forced(base.model, ids, ids[5:9], set()).attended
        assert attended.shape == (4, 3, 8) and int(attended.max()) > length // 2
        assert largest.elements < length**2 / 2
        most[length] = largest.elements
    # Twice the context, at most twice the largest tensor.
    assert most[4400] <= 2.1 * most[2200]


def test_the_measure_of_the_largest_tensor_sees_a_matrix_of_attention(tmp_path):
    base = make_base(tmp_path / "m")
    base.model.set_attn_implementation("eager")
    with Largest() as largest, torch.inference_mode():
        base.model(input_ids=torch.tensor([prompt_of(base, 500)]), use_cache=False)
    assert largest.elements >= 500**2 * 8
