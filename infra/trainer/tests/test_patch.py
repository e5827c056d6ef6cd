"""Patching: whose logits come out, what is held, and what is left alone."""

import json

import pytest
import torch
from conftest import bytes_of, make_base, make_folder, read_jsonl
from peft import LoraConfig, get_peft_model

from needlework_trainer.adapters import activate, attached_together, restored, save_adapter
from needlework_trainer.decode import greedy
from needlework_trainer.heads import heads_of, output_projections
from needlework_trainer.patch import capture, patched

QKV = ["q_proj", "k_proj", "v_proj"]
IDS = [1, *range(20, 80)]
SOME = [(0, 1), (0, 6), (2, 3)]
FAMILIES = [
    ("llama", 0, {}),
    ("llama", 1, {}),
    ("mistral", 2, {"sliding_window": 24}),
    ("mistral", 3, {"sliding_window": None}),
    ("qwen2", 4, {}),
    ("qwen3", 5, {}),
    ("gemma", 6, {}),
]


def every_head(model):
    layers, heads = heads_of(model)
    return [(layer, head) for layer in range(layers) for head in range(heads)]


def adapter(base, folder, seed, targets):
    """A LoRA adapter with random weights, large enough to change what the model says."""
    folder.mkdir()
    torch.manual_seed(seed)
    with restored(base):
        config = LoraConfig(r=4, lora_alpha=16, target_modules=targets, init_lora_weights=False, task_type="CAUSAL_LM")
        save_adapter(get_peft_model(base.model, config), base, folder)
    return str(folder)


def two_models(base, folder, targets, seed=0):
    folders = {"synthetic": adapter(base, folder / "synthetic", 10 + seed, targets), "real": adapter(base, folder / "real", 20 + seed, targets)}
    return attached_together(base, {name: (f"{name}Dir", path) for name, path in folders.items()})


def next_logits(model, ids=IDS):
    """Logits of the token behind the last input position."""
    with torch.inference_mode():
        return model(input_ids=torch.tensor([ids])).logits[0, -1]


def patched_logits(model, heads, lender="real", projections_of_lender=False):
    """What the synthetic model says with heads of `lender`, and on request with the lender's output projections, too."""
    activate(model, lender)
    outputs = capture(model, heads, IDS)
    activate(model, "synthetic")
    if projections_of_lender:
        for projection in output_projections(model).values():
            projection.set_adapter(lender, inference_mode=True)
    with patched(model, outputs, heads):
        return next_logits(model)


@pytest.mark.parametrize(("family", "seed", "overrides"), FAMILIES)
def test_patching_all_heads_gives_the_real_models_logits_where_only_queries_keys_and_values_are_adapted(tmp_path, family, seed, overrides):
    base = make_base(tmp_path / "m", seed, family, **overrides)
    with two_models(base, tmp_path, QKV, seed) as model:
        activate(model, "synthetic")
        synthetic = next_logits(model)
        by_all = patched_logits(model, every_head(model))
        activate(model, "real")
        real = next_logits(model)
    torch.testing.assert_close(by_all, real, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(synthetic, real, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(("family", "seed"), [("llama", 0), ("mistral", 1), ("qwen3", 2)])
def test_patching_all_heads_does_not_where_the_output_projection_is_adapted(tmp_path, family, seed):
    """A head is patched before the projection (appendix F), so the synthetic model's own `o_proj` mixes the real outputs."""
    base = make_base(tmp_path / "m", seed, family)
    with two_models(base, tmp_path, [*QKV, "o_proj"], seed) as model:
        by_all = patched_logits(model, every_head(model))
        with_real_projections = patched_logits(model, every_head(model), projections_of_lender=True)
        activate(model, "real")
        real = next_logits(model)
    assert not torch.allclose(by_all, real, rtol=1e-2, atol=1e-2)
    # That is the only reason.
    torch.testing.assert_close(with_real_projections, real, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("family", "seed", "overrides"), FAMILIES)
def test_patching_none_or_from_a_model_to_itself_changes_nothing(tmp_path, family, seed, overrides):
    base = make_base(tmp_path / "m", seed, family, **overrides)
    with two_models(base, tmp_path, [*QKV, "o_proj"], seed) as model:
        activate(model, "synthetic")
        plain, written = next_logits(model), greedy(model, IDS, set(), 8).token_ids
        for heads in (SOME, every_head(model)):
            outputs = capture(model, heads, IDS)
            with patched(model, outputs, []):
                assert torch.equal(next_logits(model), plain)
            with patched(model, outputs, heads):
                assert greedy(model, IDS, set(), 8).token_ids == written
            torch.testing.assert_close(patched_logits(model, heads, lender="synthetic"), plain, rtol=1e-4, atol=1e-4)
        assert not torch.allclose(patched_logits(model, SOME), plain, rtol=1e-2, atol=1e-2)
        # Nothing stays behind.
        assert torch.equal(next_logits(model), plain)


@pytest.mark.parametrize(("family", "seed"), [("llama", 0), ("mistral", 1)])
def test_some_heads_patched_equal_a_plain_computation(tmp_path, family, seed):
    """Layer by layer by hand: the real model's slice at every position, the synthetic model's elsewhere."""
    base = make_base(tmp_path / "m", seed, family)
    with two_models(base, tmp_path, [*QKV, "o_proj"], seed) as model:
        inputs = {}

        def note(layer):
            return lambda _module, arguments: inputs.__setitem__(layer, arguments[0].clone())

        activate(model, "real")
        hooks = [p.register_forward_pre_hook(note(layer)) for layer, p in output_projections(model).items()]
        next_logits(model)
        for hook in hooks:
            hook.remove()

        def swap(layer):
            def hook(_module, arguments):
                x = arguments[0].clone()
                for at, head in SOME:
                    if at == layer:
                        x[..., head * 16 : (head + 1) * 16] = inputs[layer][..., head * 16 : (head + 1) * 16]
                return (x,)

            return hook

        activate(model, "synthetic")
        hooks = [p.register_forward_pre_hook(swap(layer)) for layer, p in output_projections(model).items()]
        by_hand = next_logits(model)
        for hook in hooks:
            hook.remove()
        torch.testing.assert_close(patched_logits(model, SOME), by_hand, rtol=1e-4, atol=1e-4)
        # The same from a capture of more heads, as for several sets at once.
        activate(model, "real")
        outputs = capture(model, every_head(model), IDS)
        activate(model, "synthetic")
        with patched(model, outputs, SOME):
            torch.testing.assert_close(next_logits(model), by_hand, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("family", "seed"), [("llama", 0), ("mistral", 1), ("qwen3", 2)])
def test_decoded_positions_are_never_patched_and_every_input_position_is(tmp_path, family, seed):
    base = make_base(tmp_path / "m", seed, family)
    heads = every_head(base.model)
    width = base.model.config.head_dim
    with two_models(base, tmp_path, QKV, seed) as model:
        activate(model, "real")
        outputs = capture(model, heads, IDS)
        activate(model, "synthetic")
        before, after = [], []
        projection = output_projections(model)[1]
        # One hook runs before the patch and one behind it.
        first = projection.register_forward_pre_hook(lambda _m, arguments: before.append(arguments[0].clone()))
        with patched(model, outputs, heads):
            last = projection.register_forward_pre_hook(lambda _m, arguments: after.append(arguments[0].clone()))
            written = greedy(model, IDS, set(), 6).token_ids
        first.remove()
        last.remove()
    assert [x.shape[1] for x in before] == [len(IDS) - 1, 1, 1, 1, 1, 1, 1]
    read, decoded = torch.cat(after[:2], dim=1)[0], zip(before[2:], after[2:], strict=True)
    assert torch.equal(read.view(len(IDS), -1, width), outputs.by_layer[1])
    assert not torch.isclose(read, torch.cat(before[:2], dim=1)[0]).all(-1).any(), "no position is as it would be"
    assert len(written) == 6 and all(torch.equal(own, kept) for own, kept in decoded)


def test_memory_is_bounded_by_the_chosen_heads(tmp_path):
    base = make_base(tmp_path / "m")
    outputs = capture(base.model, [*SOME, SOME[0]], IDS)
    assert {layer: list(x.shape) for layer, x in outputs.by_layer.items()} == {0: [len(IDS), 2, 16], 2: [len(IDS), 1, 16]}
    # Own storage, not a view that keeps a layer's whole input alive.
    assert sum(x.untyped_storage().nbytes() for x in outputs.by_layer.values()) == len(SOME) * len(IDS) * 16 * 4


@pytest.fixture(scope="module")
def adapters(bench):
    """Two adapters trained on the bench's data, each from another seed."""
    strong = {"learningRate": 0.05, "warmupShare": 0}
    return [str(bench.done(bench.job("train", seed=seed, train=strong))) for seed in (1, 2)]


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_job_writes_one_file_per_set_and_the_unpatched_one(bench, adapters, dtype):
    synthetic, real = adapters
    model = {**bench.job("evaluate")["model"], "dtype": dtype}
    every = [[layer, head] for layer in range(3) for head in range(8)]
    sets = [{"id": "none", "heads": []}, {"id": "some", "heads": [[0, 1], [2, 7]]}, {"id": "all", "heads": every}]
    fields = {"adapterDir": synthetic, "realAdapterDir": real, "headSets": sets, "maxExamples": 4, "model": model}
    out = bench.done(bench.job("patch", **fields))
    files = bytes_of(out)
    assert sorted(files) == ["all.jsonl", "none.jsonl", "some.jsonl", "unpatched.jsonl"]
    assert [p["id"] for p in read_jsonl(out / "all.jsonl")] == ["e0", "e1", "e2", "e3"]
    plain = bench.done(bench.job("evaluate", adapterDir=synthetic, maxExamples=4, model=model))
    assert files["unpatched.jsonl"] == files["none.jsonl"] == (plain / "predictions.jsonl").read_bytes() != files["all.jsonl"]
    assert bytes_of(bench.done(bench.job("patch", **fields))) == files
    assert [line["total"] for line in bench.progress][-1] == 16
    itself = bytes_of(bench.done(bench.job("patch", **{**fields, "realAdapterDir": synthetic})))
    assert set(itself.values()) == {files["unpatched.jsonl"]}


def test_the_base_is_left_as_it_was(bench, adapters):
    before = bytes_of(bench.done(bench.job("evaluate")))
    base = bench.session._models._base
    modules, hooks = [type(m) for m in base.model.modules()], [len(m._forward_pre_hooks) for m in base.model.modules()]
    bench.done(bench.job("patch", adapterDir=adapters[0], realAdapterDir=adapters[1]))
    assert bench.session._models._base is base
    assert [type(m) for m in base.model.modules()] == modules
    assert [len(m._forward_pre_hooks) for m in base.model.modules()] == hooks
    assert not hasattr(base.model, "peft_config") and not any(w.requires_grad for w in base.model.parameters())
    assert bytes_of(bench.done(bench.job("evaluate"))) == before


def test_bad_jobs_are_refused_with_their_field(bench, adapters, tmp_path):
    synthetic, real = adapters
    fields = {"adapterDir": synthetic, "realAdapterDir": real}

    def refused(**changes):
        error = bench.run(bench.job("patch", **{**fields, **changes}))["error"]
        assert not error["retryable"]
        return error["type"], error["field"]

    assert refused(realAdapterDir="/no/adapter") == ("AdapterMismatch", "realAdapterDir")
    assert refused(adapterDir="/no/adapter") == ("AdapterMismatch", "adapterDir")
    assert refused(adapterDir=None) == ("BadJob", "adapterDir")
    assert refused(headSets=[{"id": "unpatched", "heads": []}]) == ("BadJob", "headSets.0.id")
    assert refused(headSets=[{"id": "a", "heads": [[3, 0]]}]) == ("BadJob", "headSets.0.heads.0")
    model = {**bench.job("evaluate")["model"], "path": str(make_folder(tmp_path / "other", seed=9))}
    assert refused(model=model) == ("AdapterMismatch", "adapterDir")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        (foreign / name).write_bytes((bench.folder / real / name).read_bytes())
    config = json.loads((foreign / "adapter_config.json").read_text())
    (foreign / "adapter_config.json").write_text(json.dumps({**config, "r": 3}))
    assert refused(realAdapterDir=str(foreign)) == ("AdapterMismatch", "realAdapterDir")
