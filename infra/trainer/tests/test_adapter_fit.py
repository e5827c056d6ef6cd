"""Adapters that other tools made, for this base or another one."""

import json
import shutil

import pytest
from conftest import make_base, make_folder, model_ref
from safetensors.torch import load_file, save_file

from needlework_trainer.adapters import CONFIG, WEIGHTS, attached
from needlework_trainer.errors import AdapterMismatch
from needlework_trainer.models import load_base


@pytest.fixture
def adapter(bench, tmp_path):
    """An adapter of the bench's base that names it as other tools do."""
    folder = tmp_path / "adapter"
    shutil.copytree(bench.done(bench.job("train")), folder)
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps({**config, "base_model_name_or_path": "someone/model"}))
    return folder


def test_an_adapter_that_fits_is_taken_whoever_made_it(bench, adapter):
    with attached(bench.base, str(adapter)) as model:
        assert model is not bench.base.model


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"num_hidden_layers": 2}, r"layers\.2\.self_attn\.\w+, which this base does not have"),
        ({"hidden_size": 32}, r"self_attn\.k_proj with 64 inputs, where this base has 32"),
        ({"num_key_value_heads": 4}, r"self_attn\.k_proj with 32 outputs, where this base has 64"),
    ],
)
def test_an_adapter_made_for_another_base_is_refused_with_the_layer_that_does_not_fit(tmp_path, adapter, settings, why):
    base = make_base(tmp_path / "other", 1, **settings)
    with pytest.raises(AdapterMismatch, match=why) as refused, attached(base, str(adapter)):
        pass
    assert refused.value.field == "adapterDir" and not refused.value.retryable
    assert not hasattr(base.model, "peft_config")


def test_an_adapter_for_another_family_is_refused(tmp_path, adapter):
    base = load_base(model_ref(make_folder(tmp_path / "neox", 0, "gpt_neox", num_key_value_heads=8)))
    with pytest.raises(AdapterMismatch, match="which this base does not have"), attached(base, str(adapter)):
        pass


def test_a_file_without_lora_weights_is_refused(bench, adapter):
    weights = load_file(adapter / WEIGHTS)
    save_file({f"other.{name}": tensor for name, tensor in weights.items()}, adapter / WEIGHTS)
    with pytest.raises(AdapterMismatch, match="no LoRA weights"), attached(bench.base, str(adapter)):
        pass


@pytest.mark.parametrize("decode", ["greedy", "teacher-forced"])
def test_a_model_that_computes_no_numbers_has_no_answers_and_no_scores(bench, adapter, decode):
    """As an adapter whose weights were spoilt makes it: any token at all would be the first of equals."""
    weights = load_file(adapter / WEIGHTS)
    weights[sorted(weights)[0]][0, 0] = float("nan")
    save_file(weights, adapter / WEIGHTS)
    for job in (bench.job("score", score={"decode": decode}), bench.job("evaluate"), bench.job("mask")):
        error = bench.run({**job, "adapterDir": str(adapter)})["error"]
        assert (error["type"], error["field"], error["retryable"]) == ("NaNLogits", "adapterDir", False)
    assert bench.run(bench.job("evaluate"))["type"] == "result"
