"""The shipped weights in examples/models/tiny-llama: whole, small, as logged, and able to answer at short context."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from transformers import AutoModelForCausalLM, AutoTokenizer

from needlework_trainer.miniature.config import load_config
from needlework_trainer.miniature.folder import write_origin
from needlework_trainer.miniature.rows import IGNORE
from needlework_trainer.miniature.tasks import TASKS
from needlework_trainer.miniature.batches import material_of
from needlework_trainer.miniature.tokenizer import build_tokenizer
from needlework_trainer.miniature.vocabulary import build_vocabulary
from needlework_trainer.miniature.world import load_world

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "examples/models/tiny-llama"
WORLD_FILE = ROOT / "activities/source/miniature/world.json"
LOG = json.loads((FOLDER / "pretraining-log.json").read_text())
VOCABULARY = build_vocabulary(load_world(WORLD_FILE))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()


def test_the_weights_are_those_of_the_log():
    weights = FOLDER / "model.safetensors"
    assert weights.stat().st_size <= 10_000_000
    assert sha256(weights) == LOG["weightsSha256"]
    with safe_open(weights, "pt") as file:
        assert sum(file.get_tensor(name).numel() for name in file.keys()) == LOG["parameters"]


def test_the_log_names_the_world_and_config_that_are_here():
    assert LOG["world"]["sha256"] == sha256(WORLD_FILE)
    assert LOG["config"] == load_config(FOLDER / "pretraining.json").model_dump(mode="json", exclude_none=True)
    assert LOG["metrics"][-1]["step"] == sum(stage["steps"] for stage in LOG["config"]["stages"])


def test_the_report_is_told_what_was_set_by_hand(tmp_path):
    write_origin(load_config(FOLDER / "pretraining.json"), tmp_path)
    assert (FOLDER / "origin.json").read_bytes() == (tmp_path / "origin.json").read_bytes()


def test_the_shipped_tokenizer_is_the_worlds():
    assert json.loads((FOLDER / "tokenizer.json").read_text()) == json.loads(build_tokenizer(VOCABULARY).to_str())
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    assert (tokenizer.pad_token_id, tokenizer.bos_token_id, tokenizer.eos_token_id) == (0, 1, 2)
    assert tokenizer("Anna Reed")["input_ids"][0] == 1
    assert tokenizer.decode(tokenizer('"k3vq"')["input_ids"], skip_special_tokens=True).replace(" ", "") == '"k3vq"'


def test_the_base_answers_most_short_questions(model):
    """First tokens of answers, the ones that have to be looked up, on fresh documents of 128 tokens."""
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
