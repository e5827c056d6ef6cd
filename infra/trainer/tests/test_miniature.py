"""The miniature's pretraining: its tokenizer, its rows, its network and its loop."""

from __future__ import annotations

import json
import os
import random
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from needlework_trainer.layout import layout_of
from needlework_trainer.miniature.batches import material_of, silent_layers, step_rows
from needlework_trainer.miniature.config import Network, PretrainingConfig
from needlework_trainer.miniature.earlier import start_from
from needlework_trainer.miniature.folder import write_model_folder
from needlework_trainer.miniature.network import build_network, hidden_states
from needlework_trainer.miniature.pretrain import main
from needlework_trainer.miniature.rows import IGNORE
from needlework_trainer.miniature.tasks import TASKS
from needlework_trainer.miniature.tasks.draw import symbol
from needlework_trainer.miniature.tokenizer import build_tokenizer
from needlework_trainer.miniature.vocabulary import CHARACTERS, UNKNOWN, Vocabulary, build_vocabulary
from needlework_trainer.miniature.world import fill, in_pretraining, load_world, name_bucket, without_unseen
from needlework_trainer.seeding import seed_induction, seed_matching_heads, seed_previous_token_heads

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


@pytest.mark.parametrize("family", [{}, {"family": "mistral", "slidingWindow": 8}])
def test_the_lean_forward_pass_is_the_models_own(family: dict):
    torch.manual_seed(0)
    shape = {"layers": 2, "hidden": 32, "heads": 4, "kvHeads": 2, "headDim": 16, "feedForward": 48, "theta": 10000, "initStd": 0.08, "outputScale": 1}
    model = build_network(VOCABULARY, Network.model_validate({**shape, **family}), 64)
    inputs = torch.randint(3, len(VOCABULARY), (3, 40))
    with torch.no_grad():
        ours = model.lm_head(hidden_states(model, inputs))
        assert torch.allclose(ours, model(input_ids=inputs).logits, atol=1e-5)
        unwindowed = hidden_states(model, inputs, window=False)
        assert torch.equal(hidden_states(model, inputs), unwindowed) == (family == {})
        model.config.sliding_window = None
        assert torch.equal(hidden_states(model, inputs), unwindowed)


@pytest.mark.parametrize(("family", "window"), [({}, None), ({"family": "mistral", "slidingWindow": 8}, 8)])
def test_the_written_model_sees_the_window_of_its_config(tmp_path: Path, family: dict, window: int | None):
    model = build_network(VOCABULARY, Network.model_validate({**TINY["network"], **family}), 64)
    write_model_folder(model, VOCABULARY, tmp_path)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32)
    assert type(loaded) is type(model)
    assert [layer.window for layer in layout_of(loaded)] == [window] * TINY["network"]["layers"]


def test_seeded_heads_look_at_the_previous_token_at_once():
    torch.manual_seed(0)
    shape = {"layers": 2, "hidden": 128, "heads": 8, "kvHeads": 4, "headDim": 32, "feedForward": 48, "theta": 10000, "initStd": 0.08, "outputScale": 0.1}
    model = build_network(VOCABULARY, Network.model_validate(shape), 64)
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


def test_the_weights_are_held_against_the_log_beside_the_config(tmp_path: Path, capsys):
    assert run(tmp_path / "first", TINY) == 0
    log = tmp_path / "pretraining-log.json"
    log.write_bytes((tmp_path / "first/pretraining-log.json").read_bytes())
    assert run(tmp_path / "second", TINY) == 0
    assert "the weights are those of" in capsys.readouterr().out
    assert run(tmp_path / "third", {**TINY, "seed": 4}) == 1
    found = json.loads((tmp_path / "third/pretraining-log.json").read_text())["weightsSha256"]
    assert f"found weights {found}, expected {json.loads(log.read_text())['weightsSha256']}" in capsys.readouterr().err


def words_of(row) -> str:
    return " ".join(VOCABULARY.tokens[i] for i in row.inputs).replace(" ##", "")


@pytest.mark.parametrize("length", [128, 256])
def test_citations_are_the_numbers_of_the_documents_that_name_the_organisation_asked_for(length: int):
    material, asked, two = material_of(WORLD, VOCABULARY, None), 0, 0
    organisation = re.compile(rf"\b(?:{'|'.join(WORLD.names['adjective'])}) (?:{'|'.join(WORLD.names['kind'])})\b")
    for seed in range(60):
        text = re.sub(r" \( \d+ \)", "", words_of(TASKS["citation"](material, random.Random(seed), length)))
        context = re.split(r" for the given statement| statement :| \?", text)[0]
        documents = re.findall(r"\[ (\d+) \](?: :)? ([^\[]*)", context)
        for said, citation in re.findall(r"(?:statement :|\?) ([^\[?]*?)((?: \[ \d+ \])+) <eos>", text):
            named = organisation.findall(said)
            if len(named) != 1:
                continue
            cited = [int(n) for n in re.findall(r"\d+", citation)]
            assert cited == sorted(cited)
            assert cited == sorted(int(number) for number, words in documents if named[0] in words)
            asked, two = asked + 1, two + (len(cited) == 2)
    assert asked > 50 and two > 25


@pytest.mark.parametrize("length", [128, 256])
def test_answers_of_chains_stand_in_the_documents(length: int):
    material, asked, steps = material_of(WORLD, VOCABULARY, None), 0, set()
    for seed in range(60):
        text = words_of(TASKS["hops"](material, random.Random(seed), length))
        context, *questions = text.split(" question : ")
        for question in questions:
            found = re.fullmatch(r"(.*\?) answer : (.*) <eos>", question)
            assert f" {found[2]} " in context
            steps.add(sum(question.count(word) for word in (" of the ", " person who ", " house that ")))
            asked += 1
    assert asked > 50
    assert {1, 2, 3} <= steps


def test_several_processes_make_the_same_weights_as_one(tmp_path: Path):
    stages = [{**TINY["stages"][0], "steps": 3, "parts": 1}, {**TINY["stages"][1], "steps": 4, "tokensPerStep": 320, "parts": 3}]
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**TINY, "stages": stages}))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def start(folder: str, **environment: str) -> subprocess.Popen:
        command = ["needlework_trainer.miniature.pretrain", "--world", str(WORLD_FILE), "--config", str(config), "--out", str(tmp_path / folder)]
        return subprocess.Popen([sys.executable, "-m", *command], env={**os.environ, **environment})

    meeting = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    running = [start("one"), *(start("two", RANK=str(rank), **meeting) for rank in range(2))]
    assert [process.wait(timeout=300) for process in running] == [0, 0, 0]
    logs = [json.loads((tmp_path / folder / "pretraining-log.json").read_text()) for folder in ("one", "two")]
    assert logs[0]["weightsSha256"] == logs[1]["weightsSha256"]
    leave_out_time = [[{k: v for k, v in line.items() if k != "seconds"} for line in log["metrics"]] for log in logs]
    assert leave_out_time[0] == leave_out_time[1]


def test_a_run_goes_on_from_an_earlier_base_word_by_word(tmp_path: Path, capsys):
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    network = Network.model_validate(TINY["network"])
    fewer = Vocabulary([word for word in VOCABULARY.tokens[: -len(CHARACTERS) - 1] if word not in ("mill", "amber")])
    torch.manual_seed(5)
    before = build_network(fewer, network, 64)
    write_model_folder(before, fewer, earlier)
    after = build_network(VOCABULARY, network, 64)
    assert sorted(start_from(earlier, after, VOCABULARY)) == ["amber", "mill"]
    for word in ("anna", "##9", "<eos>"):
        assert torch.equal(after.model.embed_tokens.weight[VOCABULARY.ids[word]], before.model.embed_tokens.weight[fewer.ids[word]])
    assert torch.equal(after.model.layers[0].mlp.up_proj.weight, before.model.layers[0].mlp.up_proj.weight)
    assert run(tmp_path / "other", {**TINY, "startFrom": "earlier", "network": {**TINY["network"], "hidden": 32}}) == 2
    assert "startFrom: found model.embed_tokens.weight" in capsys.readouterr().err


def test_a_base_does_not_read_the_wordings_kept_for_tuning():
    less = without_unseen(WORLD, facts=1, questions=1)
    for all_, seen in zip(WORLD.organisation.values(), less.organisation.values(), strict=True):
        assert seen.real.facts == all_.real.facts[:-1] and seen.real.questions == all_.real.questions[:-1]
        assert (seen.plain, seen.paraphrase, seen.phrases) == (all_.plain, all_.paraphrase, all_.phrases)
    unseen = {fact for relation in WORLD.organisation.values() for fact in relation.real.facts[-1:] if fact not in less.organisation[relation.name].facts}
    said = " ".join(fact for relation in less.organisation.values() for fact in relation.facts)
    # Told by the words before the subject: what follows may be cut off, or said of "it".
    starts = {start for fact in unseen if "{y}" not in (start := fact.split("{x}")[0]) and len(start.split()) > 2 and start not in said}
    assert starts
    read, other = (
        " ".join(words_of(TASKS["reading"](material_of(world, VOCABULARY, None), random.Random(seed), 192)) for seed in range(150)) for world in (less, WORLD)
    )
    assert not [start for start in starts if start in read]
    assert [start for start in starts if start in other]
    with pytest.raises(ValueError, match="unseen.questions is 3, allowed: at most 2"):
        without_unseen(WORLD, facts=0, questions=3)


def test_words_may_share_a_direction_at_first():
    shape = {**TINY["network"], "hidden": 64}
    means = []
    for norm in (0, 0.6):
        torch.manual_seed(1)
        embeddings = build_network(VOCABULARY, Network.model_validate({**shape, "sharedNorm": norm}), 64).model.embed_tokens.weight
        means.append(embeddings.mean(0).norm().item())
    assert means[0] < 0.05
    assert means[1] == pytest.approx(0.6, abs=0.05)


def test_a_network_may_begin_with_its_lower_layers_alone(tmp_path: Path):
    network = {**TINY["network"], "layers": 3}
    stage = {**TINY["stages"][0], "steps": 3, "layers": 1}
    assert run(tmp_path / "one", {**TINY, "network": network, "stages": [stage]}) == 0
    assert run(tmp_path / "all", {**TINY, "network": network, "stages": [stage, {**stage, "layers": None}]}) == 0
    torch.manual_seed(TINY["seed"])
    drawn = build_network(VOCABULARY, Network.model_validate(network), 32)
    for folder, trained in (("one", [True, False, False]), ("all", [True, True, True])):
        model = AutoModelForCausalLM.from_pretrained(tmp_path / folder, dtype=torch.float32)
        moved = [not torch.equal(a.self_attn.q_proj.weight, b.self_attn.q_proj.weight) for a, b in zip(model.model.layers, drawn.model.layers, strict=True)]
        assert moved == trained


def test_a_silent_layer_adds_nothing_in_its_rows():
    torch.manual_seed(0)
    shape = {"layers": 3, "hidden": 32, "heads": 4, "kvHeads": 2, "headDim": 16, "feedForward": 48, "theta": 10000, "initStd": 0.08, "outputScale": 1}
    model = build_network(VOCABULARY, Network.model_validate(shape), 64)
    inputs = torch.randint(3, len(VOCABULARY), (3, 40))
    with torch.no_grad():
        whole, part = hidden_states(model, inputs), hidden_states(model, inputs, silent=torch.tensor([-1, 1, 2]))
        model.model.layers[1].self_attn.o_proj.weight.zero_()
        without = hidden_states(model, inputs)
    assert torch.equal(part[0], whole[0])
    assert torch.allclose(part[1], without[1], atol=1e-6) and not torch.allclose(part[1], whole[1], atol=1e-3)
    assert not torch.allclose(part[2], whole[2], atol=1e-3) and not torch.allclose(part[2], without[2], atol=1e-3)


def test_as_many_rows_have_a_silent_layer_as_the_stage_says():
    stage = {**TINY["stages"][1], "silence": {"layers": [1, 3], "share": 0.4}}
    config = PretrainingConfig.model_validate({**TINY, "network": {**TINY["network"], "layers": 4}, "stages": [stage]})
    drawn = [layer for step in range(200) for layer in silent_layers(config, config.stages[0], step, 8)]
    assert silent_layers(config, config.stages[0], 7, 8) == silent_layers(config, config.stages[0], 7, 8) == drawn[56:64]
    assert {layer: round(drawn.count(layer) / len(drawn), 1) for layer in set(drawn)} == {-1: 0.6, 1: 0.2, 3: 0.2}
    assert silent_layers(config, PretrainingConfig.model_validate(TINY).stages[1], 7, 8) is None


def test_matching_heads_may_begin_in_some_key_value_heads_alone():
    shape = {"layers": 3, "hidden": 64, "heads": 8, "kvHeads": 4, "headDim": 16, "feedForward": 48, "theta": 10000, "initStd": 0.08, "outputScale": 0.1}
    models = []
    for heads in (None, 1):
        torch.manual_seed(0)
        models.append(build_network(VOCABULARY, Network.model_validate(shape), 64))
        drawn = [layer.self_attn.k_proj.weight.clone() for layer in models[-1].model.layers]
        seed_induction(models[-1], 2, [1, 2], 1.0, heads)
        for layer in (1, 2):
            moved = models[-1].model.layers[layer].self_attn.k_proj.weight - drawn[layer]
            assert [bool(moved[kv * 16 : (kv + 1) * 16].any()) for kv in range(4)] == ([True] * 4 if heads is None else [True, False, False, False])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stages": [{**TINY["stages"][0], "silence": {"layers": [1], "share": 0.5}}]}, "silence.layers of stage 'a' is [1]; allowed: 1 to 0"),
        ({"network": {**TINY["network"], "layers": 2, "seededHeads": {"previousKvHeads": 1, "matchingLayers": [1], "matchingKvHeads": 2}}}, "matchingKvHeads is 2; allowed: null, or 1 to 1"),
        ({"stages": [{**TINY["stages"][0], "layers": 2}]}, "layers of stage 'a' is 2; allowed: null, or 1 to 1"),
        ({"unseen": {"facts": -1}}, "unseen.facts"),
        ({"unseen": {"facts": 4}}, "unseen.facts is 4, allowed: at most 3"),
        ({"stages": [{**TINY["stages"][0], "parts": 2}]}, "parts is 2"),
        ({"stages": [{**TINY["stages"][0], "mix": {"bursts": 1}}]}, "allowed: previous, pairs, burst"),
        ({"stages": []}, "stages"),
        ({"network": {**TINY["network"], "seededHeads": {"previousKvHeads": 1, "matchingLayers": [1]}}}, "matchingLayers"),
        ({"network": {**TINY["network"], "family": "mistral"}}, "slidingWindow is None"),
        ({"network": {**TINY["network"], "slidingWindow": 8}}, "slidingWindow is 8"),
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
