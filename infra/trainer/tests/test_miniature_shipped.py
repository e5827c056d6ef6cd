"""The shipped weights in examples/models: whole, small, as logged, and able to answer at short context."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer, MistralForCausalLM

from needlework_trainer.layout import layout_of
from needlework_trainer.miniature.config import PretrainingConfig, load_config
from needlework_trainer.miniature.folder import write_origin
from needlework_trainer.miniature.rows import IGNORE
from needlework_trainer.miniature.tasks import TASKS
from needlework_trainer.miniature.batches import material_of
from needlework_trainer.miniature.tokenizer import build_tokenizer
from needlework_trainer.miniature.vocabulary import build_vocabulary
from needlework_trainer.miniature.world import load_world

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "examples/models"
FOLDERS = [MODELS / name for name in ("tiny-llama-chains", "tiny-mistral")]
WORLD_FILE = ROOT / "activities/source/miniature/world.json"
VOCABULARY = build_vocabulary(load_world(WORLD_FILE))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def log_of(folder: Path) -> dict:
    return json.loads((folder / "pretraining-log.json").read_text())


@pytest.mark.parametrize("folder", [*FOLDERS, MODELS / "tiny-llama"], ids=lambda folder: folder.name)
def test_the_weights_are_those_of_the_log(folder: Path):
    weights, log = folder / "model.safetensors", log_of(folder)
    assert weights.stat().st_size <= 5_000_000
    assert sha256(weights) == log["weightsSha256"]
    with safe_open(weights, "pt") as file:
        assert sum(file.get_tensor(name).numel() for name in file.keys()) == log["parameters"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_log_names_the_world_and_config_that_are_here(folder: Path):
    log = log_of(folder)
    assert log["world"]["sha256"] == sha256(WORLD_FILE)
    assert PretrainingConfig.model_validate(log["config"]) == load_config(folder / "pretraining.json")
    assert log["metrics"][-1]["step"] == sum(stage["steps"] for stage in log["config"]["stages"])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_report_is_told_what_was_set_by_hand(folder: Path, tmp_path):
    write_origin(load_config(folder / "pretraining.json"), tmp_path)
    assert (folder / "origin.json").read_bytes() == (tmp_path / "origin.json").read_bytes()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_shipped_tokenizer_is_the_worlds(folder: Path):
    assert json.loads((folder / "tokenizer.json").read_text()) == json.loads(build_tokenizer(VOCABULARY).to_str())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id) == (0, 1, 2)
    assert tokenizer("Anna Reed")["input_ids"][0] == 1
    assert tokenizer.decode(tokenizer('"k3vq"')["input_ids"], skip_special_tokens=True).replace(" ", "") == '"k3vq"'


def test_the_mistral_style_base_has_a_window_shorter_than_its_context():
    loaded = AutoModelForCausalLM.from_pretrained(MODELS / "tiny-mistral", dtype=torch.float32)
    assert type(loaded) is MistralForCausalLM
    assert [layer.window for layer in layout_of(loaded)] == [192] * loaded.config.num_hidden_layers
    assert loaded.config.max_position_embeddings == 256


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_base_answers_most_short_questions(folder: Path):
    """First tokens of answers, the ones that have to be looked up, on fresh documents of 128 tokens."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    material = material_of(load_world(WORLD_FILE), VOCABULARY, None)
    right = asked = 0
    for seed in range(60):
        row = TASKS["reading"](material, random.Random(f"shipped/{seed}"), 128)
        with torch.no_grad():
            said = model(input_ids=torch.tensor([row.inputs])).logits[0].argmax(-1).tolist()
        for position, target in enumerate(row.targets):
            if target != IGNORE and row.targets[position - 1] == IGNORE:
                asked += 1
                right += said[position] == target
    assert asked > 100
    assert right / asked > 0.9
