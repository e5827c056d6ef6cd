"""The loss and its gradients equal those of all logits, which are never made."""

import pytest
import torch
from conftest import make_base, make_example, write_examples
from peft import LoraConfig, get_peft_model
from torch.nn.functional import cross_entropy

from needlework_trainer import loss as loss_module
from needlework_trainer.data import read_prompts
from needlework_trainer.loss import IGNORED, logits_of, positions_per_chunk, summed_loss
from needlework_trainer.training_rows import collate, training_row

# Gemma 2 caps its logits, Granite and Cohere scale them, Qwen 3 normalises queries and keys.
FAMILIES = {
    "llama": {},
    "mistral": {"sliding_window": 12},
    "qwen2": {},
    "qwen3": {},
    "gemma2": {"final_logit_softcapping": 2.0, "attn_logit_softcapping": None},
    "gemma3_text": {},
    "granite": {"logits_scaling": 3.0},
    "cohere": {"logit_scale": 0.3},
    "qwen3_moe": {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32, "decoder_sparse_step": 1},
}


def float64_base(folder, seed, family):
    overrides = {**FAMILIES[family], "tie_word_embeddings": family == "gemma2"}
    base = make_base(folder, seed, family, **overrides)
    base.model.double()
    if "moe" in family:
        # The fast one takes no float64.
        base.model.set_experts_implementation("eager")
    return base


def batch_of(base, folder, loss, answers=("Anna Reed", "Selby")):
    examples = [make_example(base, 12345**i, answer=answer) for i, answer in enumerate(answers)]
    prompts = read_prompts(str(write_examples(folder / "d.jsonl", examples)), base.tokenizer)
    return collate([training_row(p, base.tokenizer, loss, 200).__dict__ for p in prompts], base.tokenizer.pad_id)


def plain_loss(model, batch):
    """All logits of each row by itself, without padding."""
    total = 0
    mask = batch.get("attention_mask", torch.ones_like(batch["input_ids"])).bool()
    for ids, labels, there in zip(batch["input_ids"], batch["labels"], mask):
        logits = model(input_ids=ids[there][None], use_cache=False).logits[0, :-1]
        total = total + cross_entropy(logits, labels[there][1:], ignore_index=IGNORED, reduction="sum")
    return total


def gradients(value, model):
    weights = [w for w in model.parameters() if w.requires_grad]
    return torch.autograd.grad(value, weights)


@pytest.mark.parametrize("positions", [5, 1000], ids=["chunks", "one-piece"])
@pytest.mark.parametrize("loss", ["answer", "sequence"])
@pytest.mark.parametrize("family", FAMILIES)
def test_loss_and_gradients_equal_the_plain_computation(tmp_path, monkeypatch, family, loss, positions):
    base = float64_base(tmp_path / "m", 1, family)
    model = base.model.requires_grad_(True)
    monkeypatch.setattr(loss_module, "_LOGITS_PER_CHUNK", positions * model.config.vocab_size)
    batch = batch_of(base, tmp_path, loss)
    assert "attention_mask" in batch
    ours, plain = summed_loss(model, batch), plain_loss(model, batch)
    torch.testing.assert_close(ours, plain, rtol=1e-6, atol=0)
    # Norms compute in float32 whatever the model's precision.
    for found, expected in zip(gradients(ours, model), gradients(plain, model), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5 * expected.abs().max().item())


@pytest.mark.parametrize("loss", ["answer", "sequence"])
@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_an_adapters_gradients_too_with_activations_kept_or_recomputed(tmp_path, monkeypatch, seed, recompute, loss):
    base = float64_base(tmp_path / "m", seed, "llama")
    monkeypatch.setattr(loss_module, "_LOGITS_PER_CHUNK", 5 * base.model.config.vocab_size)
    torch.manual_seed(seed)
    adapted = get_peft_model(base.model, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False), autocast_adapter_dtype=False)
    adapted.double().train()
    batch = batch_of(base, tmp_path, loss)
    expected = gradients(plain_loss(adapted, batch), adapted)
    if recompute:
        adapted.get_base_model().gradient_checkpointing_enable()
        adapted.enable_input_require_grads()
    found = gradients(summed_loss(adapted, batch), adapted)
    assert len(found) == 2 * 2 * 3
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_head_alone_makes_the_models_logits(tmp_path, family):
    base = float64_base(tmp_path / "m", 0, family)
    ids = torch.tensor([base.tokenizer.encode_prompt(make_example(base)["prompt"]).ids])
    with torch.no_grad():
        whole = base.model(input_ids=ids, use_cache=False)
        states = base.model.model(input_ids=ids, use_cache=False).last_hidden_state[0]
        decoder = base.model.model
        torch.testing.assert_close(logits_of(base.model, states), whole.logits[0])
    assert base.model.model is decoder


@pytest.mark.parametrize(("loss", "answers"), [("answer", ("Anna Reed",)), ("sequence", ("Anna Reed", "Selby"))])
def test_the_head_never_sees_a_whole_sequence(tmp_path, monkeypatch, loss, answers):
    base = make_base(tmp_path / "m")
    model = base.model.requires_grad_(True)
    monkeypatch.setattr(loss_module, "_LOGITS_PER_CHUNK", 6 * model.config.vocab_size)
    batch = batch_of(base, tmp_path, loss, answers)
    seen = []
    model.lm_head.register_forward_hook(lambda _module, inputs, output: seen.append(output.shape[:-1].numel()))
    summed_loss(model, batch).backward()
    labelled = int((batch["labels"][:, 1:] != IGNORED).sum())
    assert max(seen) <= 6 < batch["input_ids"].shape[1]
    # One position that the pass through the decoder asks for in each row; the others once, or twice where they are recomputed.
    passes = 1 if labelled <= 6 else 2
    assert sum(seen) == len(answers) + passes * labelled


def test_chunks_of_a_large_vocabulary_are_small():
    assert positions_per_chunk(128_256) * 128_256 * 4 <= 256 * 2**20
    assert positions_per_chunk(10**9) == 1
