"""Loading: theta from the loaded frequencies, files that are missing, one base kept between jobs."""

import json
import shutil

import pytest
import torch
from conftest import make_base, make_folder, model_ref

from needlework_trainer.errors import BadJob, ModelMissing
from needlework_trainer.models import ModelCache, load_base
from needlework_trainer.rope import check_rope_theta, rotary_frequencies


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen2"])
@pytest.mark.parametrize("theta", [59_300.0, 6_315_088.0])
def test_theta_override_changes_the_rotary_frequencies_to_the_closed_form(tmp_path, family, theta):
    folder = make_folder(tmp_path / "m", 0, family)
    d = 16
    for asked, expected in ((None, 10_000.0), (theta, theta)):
        (found,) = rotary_frequencies(load_base(model_ref(folder, asked)).model).values()
        closed_form = torch.tensor([expected ** (-2 * i / d) for i in range(d // 2)])
        torch.testing.assert_close(found, closed_form)


def test_wrong_frequencies_are_noticed(tmp_path):
    base = make_base(tmp_path / "m", theta=40_000.0)
    with pytest.raises(ModelMissing, match="80000"):
        check_rope_theta(base.model, 80_000.0)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_is_named(tmp_path, name):
    folder = make_folder(tmp_path / "m", 0)
    (folder / name).unlink()
    with pytest.raises(ModelMissing, match=name):
        load_base(model_ref(folder))


def test_weights_that_do_not_fit_are_refused_rather_than_made_up(tmp_path):
    folder = make_folder(tmp_path / "m", 0)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 4}))
    with pytest.raises(ModelMissing, match="missing_keys"):
        load_base(model_ref(folder))


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_cuda_is_refused_where_there_is_none(tmp_path):
    ref = model_ref(make_folder(tmp_path / "m", 0)).model_copy(update={"device": "cuda"})
    with pytest.raises(BadJob, match="model.device"):
        load_base(ref)


def test_a_base_is_loaded_once_for_the_same_request_and_again_for_another(tmp_path):
    folder, cache = make_folder(tmp_path / "m", 0), ModelCache()
    first, loaded = cache.get(model_ref(folder))
    assert loaded
    again, loaded = cache.get(model_ref(folder))
    assert again is first and not loaded
    assert cache.get(model_ref(folder, 50_000.0))[1]
    shutil.rmtree(folder)
    make_folder(folder, seed=9)
    replaced, loaded = cache.get(model_ref(folder, 50_000.0))
    assert loaded and replaced.fingerprint != first.fingerprint


def test_the_fingerprint_depends_on_weights_not_on_place_or_theta(tmp_path):
    one, other = make_base(tmp_path / "a", 1), make_base(tmp_path / "b", 1, theta=50_000.0)
    assert one.fingerprint == other.fingerprint
    assert one.fingerprint != make_base(tmp_path / "c", 2).fingerprint


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"version https://git-lfs.github.com/spec/v1"])
def test_damaged_weights_are_no_reason_to_try_again(tmp_path, damage):
    folder = make_folder(tmp_path / "m", 0)
    weights = folder / "model.safetensors"
    weights.write_bytes(damage(weights.read_bytes()))
    with pytest.raises(ModelMissing, match="cannot be loaded"):
        load_base(model_ref(folder))


def test_an_index_without_shards_is_named(tmp_path):
    folder = make_folder(tmp_path / "m", 0)
    (folder / "model.safetensors.index.json").write_text("{}")
    with pytest.raises(ModelMissing, match="model.safetensors.index.json without a readable weight_map"):
        load_base(model_ref(folder))
