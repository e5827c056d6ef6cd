"""Every family by the same code: layout, training, evaluation, scores and masks, against plain eager attention."""

import json

import numpy as np
import pytest
import torch
from conftest import Bench, bytes_of, make_base, make_example, make_folder, model_ref, read_jsonl, write_examples
from families import FAMILIES, WINDOW
from safetensors.numpy import load_file
from safetensors.torch import load_file as load_torch
from test_patch import every_head, next_logits, patched_logits, two_models
from test_score import Quiet, naive_scores, score_job
from transformers import AutoModelForCausalLM

from needlework_trainer import score
from needlework_trainer.adapters import activate, attached, lora_parameters, lora_targets
from needlework_trainer.decode import greedy
from needlework_trainer.errors import UnsupportedModel
from needlework_trainer.layout import find_layout, layout_of
from needlework_trainer.heads import heads_of, output_projections
from needlework_trainer.mask import masked
from needlework_trainer.models import load_base
from needlework_trainer.softcap import softcap_attention

NAMES = list(FAMILIES)
WORDS = "Anna Reed Selby Amber Mill Tower Quiet founded"


def family_base(folder, name, seed=0):
    family, settings, _ = FAMILIES[name]
    return make_base(folder, seed, family, **settings)


@pytest.mark.parametrize("name", NAMES)
def test_heads_and_windows_are_found_by_looking(tmp_path, name):
    layers = layout_of(family_base(tmp_path / "m", name).model)
    assert [layer.window for layer in layers] == FAMILIES[name][2]
    assert {layer.heads for layer in layers} == {8}
    assert {layer.key_value_heads for layer in layers} == {8 if name == "gpt-neox" else 2}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("implementation", ["eager", "sdpa"])
def test_the_layout_does_not_depend_on_the_kernel(tmp_path, name, implementation):
    base = family_base(tmp_path / "m", name)
    if name == "gemma2" and implementation == "sdpa":
        pytest.skip("torch's kernel has no soft-capping")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "m", attn_implementation=implementation)
    assert find_layout(model.eval()) == layout_of(base.model)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="flash attention needs a GPU")
def test_the_layout_is_the_same_under_flash_attention(tmp_path):
    pytest.importorskip("flash_attn")
    base = family_base(tmp_path / "m", "mistral")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "m", attn_implementation="flash_attention_2", dtype=torch.bfloat16)
    assert find_layout(model.eval().cuda()) == layout_of(base.model)


@pytest.mark.parametrize("name", NAMES)
def test_bfloat16_has_the_same_layout(tmp_path, name):
    base = family_base(tmp_path / "m", name)
    half = load_base(model_ref(tmp_path / "m").model_copy(update={"dtype": "bfloat16"}))
    assert layout_of(half.model) == layout_of(base.model)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("decode", ["greedy", "teacher-forced"])
def test_scores_equal_those_of_eager_attention(tmp_path, name, decode):
    base = family_base(tmp_path / "m", name)
    example = make_example(base, prompt=f"So {WORDS}. And {WORDS} Anna Reed? Answer:", answer=WORDS)
    assert len(base.tokenizer.raw.encode(example["prompt"]).ids) > WINDOW
    job = score_job(tmp_path, write_examples(tmp_path / "d.jsonl", [example]), decode=decode)
    score.run(job, base, Quiet())
    ids = base.tokenizer.raw.encode(example["prompt"]).ids
    written = read_jsonl(tmp_path / job.output_dir / "predictions.jsonl")[0]["tokenIds"]
    if decode == "teacher-forced":
        written = base.tokenizer.encode_answer(example["prompt"], ids, example["answer"])
    retrieval, insight, attended = naive_scores(tmp_path / "m", base, example, written)
    out = load_file(f"{job.output_dir}/examples.safetensors")
    assert (out["attended"] == attended).all()
    scores = json.loads((tmp_path / job.output_dir / "scores.json").read_text())
    np.testing.assert_allclose(scores["retrieval"], retrieval)
    np.testing.assert_allclose(scores["insight"], insight)
    assert insight.any()


@pytest.mark.parametrize("name", NAMES)
def test_greedy_decoding_goes_on_past_the_window(tmp_path, name):
    """Token by token behind a cache, as the model does it over the whole text each time."""
    base = family_base(tmp_path / "m", name)
    ids, model = [1, *range(20, 30)], AutoModelForCausalLM.from_pretrained(tmp_path / "m", attn_implementation="eager").eval()
    text = list(ids)
    with torch.no_grad():
        while len(text) < len(ids) + 2 * WINDOW:
            text.append(int(model(input_ids=torch.tensor([text]), use_cache=False).logits[0, -1].argmax()))
    assert greedy(base.model, ids, set(), 2 * WINDOW).token_ids == text[len(ids) :]


@pytest.mark.parametrize("name", NAMES)
def test_masking_equals_zeroing_columns_of_the_projection(tmp_path, name):
    base, heads = family_base(tmp_path / "m", name), [(0, 1), (0, 7), (2, 3)]
    model, ids = base.model, torch.tensor([[1, *range(20, 60)]])
    with torch.no_grad():
        plain = model(input_ids=ids).logits
        with masked(model, heads):
            by_hook = model(input_ids=ids).logits
        for layer, head in heads:
            width = output_projections(model)[layer].in_features // 8
            output_projections(model)[layer].weight[:, head * width : (head + 1) * width] = 0
        by_weight = model(input_ids=ids).logits
    torch.testing.assert_close(by_hook, by_weight)
    assert not torch.allclose(by_hook, plain)


@pytest.mark.parametrize("name", NAMES)
def test_patching_all_heads_gives_the_real_models_logits(tmp_path, name):
    """Adapted is what comes before the heads' outputs, whatever it is called; windows are shorter than the prompt."""
    base = family_base(tmp_path / "m", name)
    before = [target for target in lora_targets(base.model, "attention") if target.rpartition(".")[2] not in ("o_proj", "dense")]
    with two_models(base, tmp_path, before) as model:
        activate(model, "synthetic")
        synthetic = next_logits(model)
        by_all = patched_logits(model, every_head(model))
        by_some = patched_logits(model, [(0, 1), (2, 3)])
        activate(model, "real")
        real = next_logits(model)
    torch.testing.assert_close(by_all, real, rtol=1e-4, atol=1e-4)
    assert not torch.allclose(synthetic, real, rtol=1e-2, atol=1e-2)
    assert not torch.allclose(by_some, real, rtol=1e-2, atol=1e-2) and not torch.allclose(by_some, synthetic, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shared_below_the_lowest_masked_layer_changes_no_answer(tmp_path, name):
    """The job takes each prompt up at the layer of a set's first head; here, every prompt is read anew."""
    family, settings, _ = FAMILIES[name]
    # Untied, so that what a model writes does not hang on its last token alone.
    bench = Bench(tmp_path, lambda folder: make_folder(folder, 1, family, **{**settings, "tie_word_embeddings": False}))
    sets = {f"from-{first}": [[layer, head] for layer in range(first, 3) for head in (0, 3, 6)] for first in (2, 1)}
    model = json.loads(model_ref(bench.model).model_dump_json(by_alias=True, exclude_unset=True))
    out = bench.done(bench.job("mask", model=model, headSets=[{"id": name, "heads": heads} for name, heads in sets.items()]))
    base = bench.base
    for set_name, heads in sets.items():
        with masked(base.model, [tuple(head) for head in heads]):
            alone = [greedy(base.model, base.tokenizer.raw.encode(e["prompt"]).ids, base.tokenizer.stop_ids, 5).token_ids for e in bench.examples]
        assert [row["tokenIds"] for row in read_jsonl(out / f"{set_name}.jsonl")] == alone
    assert (out / "from-1.jsonl").read_bytes() != (out / "unmasked.jsonl").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_step_of_training_then_evaluation_and_masking_under_the_adapter(tmp_path, name):
    family, settings, _ = FAMILIES[name]
    bench = Bench(tmp_path, lambda folder: make_folder(folder, 1, family, **settings))
    train = {"learningRate": 0.05, "warmupShare": 0, "accumulationSteps": 6}
    adapter = str(bench.done(bench.job("train", train=train)))
    # On the base that is kept, once more: the first training has left nothing in its way.
    again = bench.run(bench.job("train", train=train))
    assert again["type"] == "result" and again["measurements"]["modelReloaded"] is False
    tuned = bench.done(bench.job("evaluate", adapterDir=adapter))
    plain = bench.done(bench.job("evaluate"))
    assert (tuned / "predictions.jsonl").read_bytes() != (plain / "predictions.jsonl").read_bytes()
    sets = [{"id": "all", "heads": [[layer, head] for layer in range(3) for head in range(8)]}]
    out = bench.done(bench.job("mask", adapterDir=adapter, headSets=sets))
    assert (out / "unmasked.jsonl").read_bytes() == (tuned / "predictions.jsonl").read_bytes()
    assert (out / "all.jsonl").read_bytes() != (out / "unmasked.jsonl").read_bytes()


@pytest.mark.parametrize(
    ("name", "attention", "everything"),
    [
        ("llama", ["k_proj", "o_proj", "q_proj", "v_proj"], ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]),
        ("phi3", ["o_proj", "qkv_proj"], ["down_proj", "gate_up_proj", "o_proj", "qkv_proj"]),
        ("gpt-neox", ["dense", "query_key_value"], ["dense", "dense_4h_to_h", "dense_h_to_4h", "query_key_value"]),
    ],
)
def test_adapters_go_on_the_projections_of_the_attention_whatever_they_are_called(tmp_path, name, attention, everything):
    model = family_base(tmp_path / "m", name).model
    assert lora_targets(model, "attention") == attention
    assert lora_targets(model, "all") == everything


EXPERTS = {"qwen3-moe": FAMILIES["qwen3-moe"][:2], "mixtral": ("mixtral", {"num_local_experts": 4, "num_experts_per_tok": 2})}


@pytest.mark.parametrize("name", EXPERTS)
def test_all_modules_are_those_of_experts_too_each_adapted_by_itself(tmp_path, name):
    """Experts' weights are parameters of one module, [experts, out, in]; the adapter by hand, expert after expert, gives the same logits."""
    family, settings = EXPERTS[name]
    bench = Bench(tmp_path, lambda folder: make_folder(folder, 1, family, **settings))
    model = bench.base.model
    of_experts = {f"model.layers.{layer}.mlp.{own}" for layer in range(3) for own in ("gate.weight", "experts.gate_up_proj", "experts.down_proj")}
    assert set(lora_parameters(model, "all")) == of_experts and lora_parameters(model, "attention") == []
    ref = json.loads(model_ref(bench.model).model_dump_json(by_alias=True, exclude_unset=True))
    answers = bytes_of(bench.done(bench.job("evaluate", model=ref)))
    kept = bench.session._models._base.model
    before, types = {n: w.clone() for n, w in kept.named_parameters()}, [type(m) for m in kept.modules()]
    folders = [str(bench.done(bench.job("train", model=ref, seed=seed, train={"targetModules": "all", "learningRate": 0.05, "warmupShare": 0}))) for seed in (1, 2)]
    # Nothing is left of it on the base, though several wrappers went round one module.
    assert [type(m) for m in kept.modules()] == types and all(torch.equal(w, before[n]) for n, w in kept.named_parameters())
    assert list(before) == [n for n, _ in kept.named_parameters()] and bytes_of(bench.done(bench.job("evaluate", model=ref))) == answers

    weights = {n.removeprefix("base_model.model."): w for n, w in load_torch(f"{folders[0]}/adapter_model.safetensors").items()}
    merged = AutoModelForCausalLM.from_pretrained(bench.model).eval()
    changed = set()
    with torch.no_grad():
        for key, down in weights.items():
            if not key.endswith(".lora_A.weight"):
                continue
            up, module = weights[key.replace("lora_A", "lora_B")], key.removesuffix(".lora_A.weight")
            assert up.abs().max() > 0
            if ".experts" not in module:
                merged.get_submodule(module).weight += up @ down
                changed.add(f"{module}.weight")
                continue
            experts, own = module.removesuffix(".base_layer"), "gate_up_proj" if module.endswith(".base_layer") else "down_proj"
            for expert in range(4):
                # Rank 8, alpha 8.
                getattr(merged.get_submodule(experts), own)[expert] += up.view(up.shape[0], 8, 4)[:, :, expert] @ down.view(4, 8, -1)[expert]
            changed.add(f"{experts}.{own}")
    assert of_experts < changed
    ids = torch.tensor([[1, *range(20, 60)]])
    with torch.no_grad(), attached(bench.base, folders[0]) as adapted:
        found, expected = adapted(input_ids=ids).logits, merged(input_ids=ids).logits
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3)

    # Two of them on one base.
    sets = [{"id": "some", "heads": [[0, 1], [2, 7]]}, {"id": "none", "heads": []}]
    out = bench.done(bench.job("patch", model=ref, adapterDir=folders[0], realAdapterDir=folders[1], headSets=sets))
    alone = bench.done(bench.job("evaluate", model=ref, adapterDir=folders[0]))
    assert (out / "none.jsonl").read_bytes() == (alone / "predictions.jsonl").read_bytes() != answers["predictions.jsonl"]
    # And on a base without experts, none.
    other = model_ref(make_folder(tmp_path / "other", 1)).model_dump(by_alias=True, exclude_unset=True)
    assert bench.run(bench.job("evaluate", model=other, adapterDir=folders[0]))["error"]["type"] == "AdapterMismatch"


@pytest.mark.parametrize(
    ("family", "settings", "why"),
    [
        ("mamba", {}, "keep no keys and values of their own"),
        ("gpt_oss", {}, "s_aux"),
        ("gpt2", {"n_positions": 512}, "no linear projection"),
        ("qwen3_next", {}, "does not run on a cache"),
    ],
)
def test_a_family_that_cannot_be_handled_says_why(tmp_path, family, settings, why):
    folder = make_folder(tmp_path / "m", 0, family, **settings)
    with pytest.raises(UnsupportedModel, match=why) as refused:
        load_base(model_ref(folder))
    assert not refused.value.retryable


def test_a_family_that_cannot_be_trained_says_so(tmp_path):
    """OPT hands its decoder's output past the part of it that others have it from; answering works."""
    bench = Bench(tmp_path, lambda folder: make_folder(folder, 1, "opt", ffn_dim=96, word_embed_proj_dim=64))
    model = json.loads(model_ref(bench.model).model_dump_json(by_alias=True, exclude_unset=True))
    assert bench.run(bench.job("evaluate", model=model))["type"] == "result"
    error = bench.run(bench.job("train", model=model))["error"]
    assert (error["type"], error["field"], error["retryable"]) == ("UnsupportedModel", "model.path", False)


def test_heads_are_counted_on_the_model(tmp_path):
    assert heads_of(family_base(tmp_path / "m", "phi3").model) == (3, 8)


@pytest.mark.parametrize("queries", [5, 700])
def test_soft_capped_attention_in_rows_equals_the_whole_matrix_with_its_gradients(queries):
    torch.manual_seed(0)
    keys = queries + 3
    query, key, value = (torch.randn(1, heads, n, 4, requires_grad=True) for heads, n in ((4, queries), (2, keys), (2, keys)))
    scores = torch.tanh(query @ key.repeat_interleave(2, 1).transpose(2, 3) * 0.5 / 2.0) * 2.0
    hidden = torch.ones(queries, keys).triu(keys - queries + 1).bool()
    whole = torch.softmax(scores.masked_fill(hidden, -1e9), -1) @ value.repeat_interleave(2, 1)
    expected = torch.autograd.grad(whole.square().sum(), (query, key, value))
    for mask in (None, ~hidden[None, None]):
        rows = softcap_attention(query, key, value, mask, 0.5, 2.0)
        torch.testing.assert_close(rows, whole.transpose(1, 2))
        torch.testing.assert_close(torch.autograd.grad(rows.square().sum(), (query, key, value)), expected, rtol=1e-4, atol=1e-5)
