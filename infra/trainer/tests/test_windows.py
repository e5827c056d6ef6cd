"""The sliding window: set at load, and seen on what the loaded model attends."""

import json

import pytest
import torch
from conftest import make_base, make_folder, model_ref
from families import FAMILIES, WINDOW

from needlework_trainer.errors import BadJob, ModelMissing
from needlework_trainer.jobs import ModelRef
from needlework_trainer.layout import layout_of
from needlework_trainer.models import ModelCache, load_base
from needlework_trainer.windows import check_sliding_window


def family_folder(folder, name):
    family, settings, _ = FAMILIES[name]
    return make_folder(folder, 0, family, **settings)


def with_window(folder, window) -> ModelRef:
    return ModelRef.model_validate_json(json.dumps({**json.loads(model_ref(folder).model_dump_json(by_alias=True)), "slidingWindow": window}))


def windows_of(base) -> list[int | None]:
    return [layer.window for layer in layout_of(base.model)]


@pytest.mark.parametrize("name", ["mistral", "qwen2-sliding", "gemma2", "gemma3"])
@pytest.mark.parametrize("window", [5, 33, None])
def test_layers_that_slide_get_the_window_asked_for(tmp_path, name, window):
    base = load_base(with_window(family_folder(tmp_path / "m", name), window))
    assert windows_of(base) == [None if own is None else window for own in FAMILIES[name][2]]


@pytest.mark.parametrize("window", [5, 33])
def test_logits_depend_on_what_is_inside_the_window_and_on_nothing_outside(tmp_path, window):
    """One layer, so that nothing comes from further back by way of positions between."""
    folder = make_folder(tmp_path / "m", 0, "mistral", sliding_window=WINDOW, num_hidden_layers=1)
    model = load_base(with_window(folder, window)).model
    ids = torch.arange(10, 60)[None]
    with torch.no_grad():
        plain = model(input_ids=ids).logits[0, -1]
        for back in range(1, 50):
            other = ids.clone()
            other[0, -1 - back] = 200
            changed = model(input_ids=other).logits[0, -1]
            assert torch.equal(changed, plain) == (back >= window), back


def test_the_base_keeps_its_own_window_where_nothing_is_asked(tmp_path):
    assert windows_of(load_base(model_ref(family_folder(tmp_path / "m", "mistral")))) == [WINDOW] * 3


@pytest.mark.parametrize("name", ["llama", "qwen2", "phi3"])
def test_a_model_without_sliding_layers_takes_none(tmp_path, name):
    folder = family_folder(tmp_path / "m", name)
    assert windows_of(load_base(with_window(folder, None))) == [None] * 3
    if name == "phi3":  # whose every layer slides once there is a window
        assert windows_of(load_base(with_window(folder, 7))) == [7] * 3
        return
    with pytest.raises(BadJob, match="model.slidingWindow: found 16384"):
        load_base(with_window(folder, 16_384))


def test_a_window_that_did_not_take_effect_is_noticed(tmp_path):
    layers = layout_of(make_base(tmp_path / "m", 0, "mistral", sliding_window=WINDOW).model)
    check_sliding_window(layers, WINDOW)
    for wrong in (WINDOW + 1, WINDOW - 1, None):
        with pytest.raises(ModelMissing, match="model.slidingWindow"):
            check_sliding_window(layers, wrong)


def test_another_window_is_another_model_for_the_cache(tmp_path):
    folder, cache = family_folder(tmp_path / "m", "mistral"), ModelCache()
    assert cache.get(model_ref(folder))[1]
    assert cache.get(with_window(folder, None))[1]
    assert cache.get(with_window(folder, 20))[1]
    assert not cache.get(with_window(folder, 20))[1]
