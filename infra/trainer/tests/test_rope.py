"""RoPE theta, compared with transformers' own frequencies for every kind of scaling, and refused where it cannot be checked."""

import pytest
import torch
from conftest import make_base, make_folder, model_ref
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

from needlework_trainer.errors import BadJob, ModelMissing
from needlework_trainer.models import load_base
from needlework_trainer.rope import check_rope_theta, expected_frequencies, rotary_frequencies

THETAS = [59_300.0, 6_315_088.0]
OLD = {"original_max_position_embeddings": 128}
SCALED = {
    "linear": {"factor": 4.0},
    "llama3": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, **OLD},
    "yarn": {"factor": 4.0, **OLD},
    "proportional": {"factor": 2.0, "partial_rotary_factor": 0.25},
    "yarn, exact": {"rope_type": "yarn", "factor": 4.0, "truncate": False, "beta_fast": 16.0, "beta_slow": 2.0, **OLD},
}


def parameters(kind: str) -> dict:
    return {"rope_type": kind, "rope_theta": 10_000.0, **SCALED[kind]}


@pytest.mark.parametrize("theta", THETAS)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", list(SCALED))
def test_theta_is_overridden_under_scaling_too(tmp_path, kind, theta, dtype):
    folder = make_folder(tmp_path / "m", 0, rope_parameters=parameters(kind), head_dim=32)
    ref = model_ref(folder, theta).model_copy(update={"dtype": dtype})
    base = load_base(ref)
    (found,) = rotary_frequencies(base.model).values()
    config = base.model.config
    theirs, _ = ROPE_INIT_FUNCTIONS[config.rope_parameters["rope_type"]](config, "cpu")
    torch.testing.assert_close(found, theirs)
    wanted = expected_frequencies(theta, config.rope_parameters, 16)
    torch.testing.assert_close(found.double(), wanted, rtol=1e-5, atol=0)
    assert not torch.allclose(found.double(), expected_frequencies(10_000.0, config.rope_parameters, 16), rtol=1e-2)
    with pytest.raises(ModelMissing, match="not those of theta"):
        check_rope_theta(base.model, theta * 1.5)


@pytest.mark.parametrize("theta", THETAS)
def test_a_model_that_rotates_a_part_of_each_head(tmp_path, theta):
    rope = {"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 0.5}
    base = make_base(tmp_path / "m", 0, "gpt_neox", theta, rope_parameters=rope, head_dim=8)
    (found,) = rotary_frequencies(base.model).values()
    torch.testing.assert_close(found, torch.tensor([theta ** (-2 * i / 4) for i in range(2)]))


def test_layers_with_full_attention_get_theta_and_local_ones_keep_theirs(tmp_path):
    rope = {"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6}, "sliding_attention": {"rope_type": "default", "rope_theta": 1e4}}
    base = make_base(tmp_path / "m", 0, "gemma3_text", 5e6, sliding_window=16, rope_parameters=rope, layer_types=["sliding_attention", "full_attention", "full_attention"])
    found = {name.rpartition(".")[2]: buffer for name, buffer in rotary_frequencies(base.model).items()}
    powers = torch.arange(8) / 8
    torch.testing.assert_close(found["full_attention_inv_freq"], 5e6**-powers / 8)
    torch.testing.assert_close(found["sliding_attention_inv_freq"], 1e4**-powers)
    with pytest.raises(ModelMissing, match="full_attention_inv_freq"):
        check_rope_theta(base.model, 4e6)


@pytest.mark.parametrize(("family", "settings", "why"), [("llama", {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}}, "'dynamic'"), ("gpt2", {"n_positions": 512, "rope_parameters": None}, "no rotary")])
def test_theta_is_refused_where_it_would_mean_nothing_that_can_be_checked(tmp_path, family, settings, why):
    folder = make_folder(tmp_path / "m", 0, family, **settings)
    with pytest.raises(BadJob, match=why) as refused:
        load_base(model_ref(folder, 59_300.0))
    assert refused.value.field == "model.ropeTheta"
