"""The miniature's pretraining: its tokenizer, its rows, its network and its loop."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch

from needlework_trainer.miniature.batches import material_of, step_rows
from needlework_trainer.miniature.config import PretrainingConfig, load_config
from needlework_trainer.miniature.network import build_network, hidden_states
from needlework_trainer.miniature.pretrain import main
from needlework_trainer.miniature.rows import IGNORE
from needlework_trainer.miniature.tasks import TASKS
from needlework_trainer.miniature.tasks.draw import symbol
from needlework_trainer.miniature.tokenizer import build_tokenizer
from needlework_trainer.miniature.vocabulary import UNKNOWN, build_vocabulary
from needlework_trainer.miniature.world import fill, in_pretraining, load_world, name_bucket
from needlework_trainer.seeding import seed_matching_heads, seed_previous_token_heads

WORLD_FILE = Path(__file__).parents[3] / "activities/source/miniature/world.json"
WORLD = load_world(WORLD_FILE)
VOCABULARY = build_vocabulary(WORLD)
TOKENIZER = build_tokenizer(VOCABULARY)

PROMPT = """The following are given passages.
Document 1: (Title: Amber Mill) It was Anna Reed who first founded the Amber Mill. It has long been in Selby.
Document 24: (Title: k3vq) k3vq was founded by x9ab. Here we go. There and back again.
Answer the question based on the given passages. Only give me the answer and do not output any other words.
Question: Who was the Amber Mill founded by?
Answer:"""

TINY = {
    "seed": 3,
    "network": {
        "layers": 1, "hidden": 16, "heads": 2, "kvHeads": 1, "headDim": 8, "feedForward": 16,
        "theta": 10000, "initStd": 0.08, "outputScale": 0.1,
    },
    "stages": [
        {"name": "a", "steps": 500, "lengths": [32], "tokensPerStep": 32, "learningRate": [0.003, 0.001], "randomWords": 40, "mix": {"burst": 1}},
        {"name": "b", "steps": 2, "lengths": [64, 96], "tokensPerStep": 192, "learningRate": [0.001, 0], "mix": {"reading": 1, "key-value": 1}},
    ],
}  # fmt: skip


def tokenizer_ids(text: str) -> list[int]:
    return TOKENIZER.encode(text, add_special_tokens=False).ids


def test_the_tokenizer_starts_with_bos_and_knows_every_word_of_a_prompt():
    encoding = TOKENIZER.encode(PROMPT)
    assert encoding.tokens[0] == "<bos>"
    assert UNKNOWN not in encoding.tokens
    assert [VOCABULARY.pad, VOCABULARY.bos, VOCABULARY.eos] == [0, 1, 2]
    start, end = encoding.offsets[encoding.tokens.index("anna")]
    assert PROMPT[start:end] == "Anna"


def test_symbols_fall_into_a_first_character_and_continuations():
    assert TOKENIZER.encode('"k3vq": "x9ab"', add_special_tokens=False).tokens == [
        '"', "k", "##3", "##v", "##q", '"', ":", '"', "x", "##9", "##a", "##b", '"',
    ]  # fmt: skip


def test_pretraining_sees_symbols_as_the_tokenizer_splits_them():
    rng = random.Random(0)
    for _ in range(2000):
        word = symbol(rng)
        ids = tokenizer_ids(word)
        assert VOCABULARY.pieces(word) == ids
        assert VOCABULARY.ids[UNKNOWN] not in ids


def test_pretraining_sees_the_world_as_the_tokenizer_splits_it():
    relations = list(WORLD.organisation.values()) + list(WORLD.person.values())
    for relation in relations:
        for wording in relation.facts + relation.questions:
            words = fill(wording, ["amber", "mill"], ["1921"])
            written = " ".join(words).capitalize().replace(" .", ".").replace(" ,", ",").replace(" ?", "?")
            assert VOCABULARY.encode(words) == tokenizer_ids(written)
    for sentence in WORLD.asides + WORLD.padding:
        assert VOCABULARY.encode(sentence.split()) == tokenizer_ids(sentence.capitalize())


def test_a_foreign_character_is_refused_by_name():
    with pytest.raises(KeyError, match="hoehé"):
        VOCABULARY.pieces("hoehé")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("length", [64, 128, 256])
def test_rows_fit_and_ask_only_for_what_follows(task: str, length: int):
    material = material_of(WORLD, VOCABULARY, None)
    for seed in range(50):
        row = TASKS[task](material, random.Random(seed), length)
        again = TASKS[task](material, random.Random(seed), length)
        assert (row.inputs, row.targets) == (again.inputs, again.targets)
        assert 1 < len(row) <= length
        assert row.inputs[0] == VOCABULARY.bos
        assert VOCABULARY.ids[UNKNOWN] not in row.inputs
        if task == "previous":
            continue
        for position, target in enumerate(row.targets):
            assert target == IGNORE or target == row.inputs[position + 1]


def test_names_of_task_data_stay_out_of_pretraining():
    material = material_of(WORLD, VOCABULARY, None)
    first = {VOCABULARY.ids[w] for w in WORLD.names["first"]}
    last = {VOCABULARY.ids[w] for w in WORLD.names["last"]}
    seen = 0
    for seed in range(100):
        row = TASKS["reading"](material, random.Random(seed), 256)
        for a, b in zip(row.inputs, row.inputs[1:], strict=False):
            if a in first and b in last:
                seen += 1
                assert in_pretraining(VOCABULARY.tokens[a], VOCABULARY.tokens[b])
    assert seen > 100
    assert {name_bucket(a, b) for a in WORLD.names["first"] for b in WORLD.names["last"]} == set(range(10))


def test_a_step_draws_from_its_stage_and_seed_alone():
    config = PretrainingConfig.model_validate(TINY)
    stage, rate = config.at(500)
    assert (stage.name, rate) == ("b", 0.001)
    material = material_of(WORLD, VOCABULARY, stage.randomWords)
    assert step_rows(config, stage, 500, material) == step_rows(config, stage, 500, material)
    assert step_rows(config, stage, 500, material) != step_rows(config, stage, 501, material)
    assert set(material_of(WORLD, VOCABULARY, 40).random_words) < set(material_of(WORLD, VOCABULARY, 80).random_words)


def test_the_lean_forward_pass_is_the_models_own():
    torch.manual_seed(0)
    model = build_network(
        VOCABULARY, layers=2, hidden=32, heads=4, kv_heads=2, head_dim=16, feed_forward=48,
        theta=10000, max_positions=64, init_std=0.08, output_scale=1,
    )  # fmt: skip
    inputs = torch.randint(3, len(VOCABULARY), (3, 40))
    with torch.no_grad():
        ours = model.lm_head(hidden_states(model, inputs))
        assert torch.allclose(ours, model(input_ids=inputs).logits, atol=1e-5)


def test_seeded_heads_look_at_the_previous_token_at_once():
    torch.manual_seed(0)
    model = build_network(
        VOCABULARY, layers=2, hidden=128, heads=8, kv_heads=4, head_dim=32, feed_forward=48,
        theta=10000, max_positions=64, init_std=0.08, output_scale=0.1,
    )  # fmt: skip
    seed_previous_token_heads(model, 2)
    seed_matching_heads(model, [1], 2)
    model.set_attn_implementation("eager")
    inputs = torch.tensor([random.Random(0).sample(VOCABULARY.plain_words, 40)])
    with torch.no_grad():
        attention = model(input_ids=inputs, output_attentions=True).attentions[0][0]
    before = attention[:, range(10, 40), range(9, 39)].mean(1)
    assert before[:4].min() > 0.6 and before[4:].max() < 0.3


def run(folder: Path, config: dict, *more: str) -> int:
    file = folder.parent / f"{folder.name}.json"
    file.write_text(json.dumps(config))
    return main(["--world", str(WORLD_FILE), "--config", str(file), "--out", str(folder), *more])


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path: Path):
    assert run(tmp_path / "whole", TINY) == 0
    assert run(tmp_path / "stopped", TINY, "--max-minutes", "0") == 3
    assert not (tmp_path / "stopped/model.safetensors").exists()
    assert run(tmp_path / "stopped", TINY, "--resume") == 0
    logs = [json.loads((tmp_path / name / "pretraining-log.json").read_text()) for name in ("whole", "stopped")]
    assert logs[0]["weightsSha256"] == logs[1]["weightsSha256"]
    assert [line["step"] for line in logs[1]["metrics"]] == [100, 200, 300, 400, 500, 502]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stages": [{**TINY["stages"][0], "mix": {"bursts": 1}}]}, "allowed: previous, pairs, burst"),
        ({"stages": []}, "stages"),
        ({"network": {**TINY["network"], "seededHeads": {"previousKvHeads": 1, "matchingLayers": [1]}}}, "matchingLayers"),
        ({"sead": 1}, "sead"),
    ],
)
def test_a_bad_config_is_refused_with_the_field(tmp_path: Path, capsys, change: dict, message: str):
    assert run(tmp_path / "bad", {**TINY, **change}) == 2
    assert message in capsys.readouterr().err


def test_a_bad_world_is_refused_with_the_field(tmp_path: Path):
    world = json.loads(WORLD_FILE.read_text())
    world["relations"]["organisation"]["owner"]["plain"]["facts"] = ["the {x} is owned ."]
    file = tmp_path / "world.json"
    file.write_text(json.dumps(world))
    with pytest.raises(ValueError, match="relations.organisation.owner"):
        load_world(file)
