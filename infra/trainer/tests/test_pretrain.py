"""A base made from a corpus: loadable, repeatable, and it learned something."""

import json
import math
from pathlib import Path

import pytest
from conftest import PRETRAIN, bytes_of, model_ref, read_jsonl
from tokenizers import Tokenizer

from needlework_trainer.models import load_base
from needlework_trainer.pretrain import learning_rate_share


@pytest.fixture(scope="module")
def pretrained(bench):
    return bench.done(bench.job("pretrain"))


def test_the_folder_holds_a_model_this_trainer_can_load(bench, pretrained):
    assert sorted(bytes_of(pretrained)) == ["config.json", "model.safetensors", "origin.json", "steps.jsonl", "tokenizer.json", "tokenizer_config.json"]
    base = load_base(model_ref(pretrained, theta=40_000.0))
    config = base.model.config
    assert (config.num_hidden_layers, config.num_attention_heads, config.num_key_value_heads) == (2, 4, 2)
    assert config.rope_parameters["rope_theta"] == 40_000.0
    assert json.loads((pretrained / "config.json").read_text())["rope_parameters"]["rope_theta"] == 10_000
    ids = base.tokenizer.encode_prompt("Anna 猫 🙂").ids
    assert ids[0] == base.tokenizer.raw.token_to_id("<bos>") != base.tokenizer.eos_id
    assert base.tokenizer.decode_answer(ids) == "Anna 猫 🙂"
    assert Tokenizer.from_file(str(pretrained / "tokenizer.json")).encode("Anna 猫 🙂").ids == ids


def test_the_model_answers_and_can_be_tuned(bench, pretrained, tmp_path):
    raw = Tokenizer.from_file(str(pretrained / "tokenizer.json"))
    data = tmp_path / "d.jsonl"
    data.write_text("".join(json.dumps({**e, "promptTokens": len(raw.encode(e["prompt"]).ids)}) + "\n" for e in bench.examples))
    model = {"path": str(pretrained), "ropeTheta": 40_000.0, "dtype": "float32", "device": "cpu"}
    adapter = bench.done(bench.job("train", model=model, trainFile=str(data), maxTokens=400))
    assert len(read_jsonl(bench.done(bench.job("evaluate", model=model, dataFile=str(data), adapterDir=str(adapter))) / "predictions.jsonl")) == 6


def test_the_loss_falls(pretrained):
    losses = [s["loss"] for s in read_jsonl(pretrained / "steps.jsonl")]
    assert len(losses) == PRETRAIN["steps"] and losses[-1] < 0.8 * losses[0]


def test_the_same_job_gives_the_same_bytes_and_another_seed_others(bench, pretrained):
    again = bytes_of(bench.done(bench.job("pretrain")))
    assert again == bytes_of(pretrained)
    other = bytes_of(bench.done(bench.job("pretrain", seed=8)))
    assert other["model.safetensors"] != again["model.safetensors"]
    assert other["tokenizer.json"] == again["tokenizer.json"]


@pytest.mark.parametrize(("change", "field"), [({"hiddenSize": 36, "attentionHeads": 4}, "hiddenSize"), ({"keyValueHeads": 3}, "keyValueHeads")])
def test_sizes_that_do_not_divide_are_refused(bench, change, field):
    error = bench.run(bench.job("pretrain", pretrain={**PRETRAIN, **change}))["error"]
    assert error["type"] == "BadJob" and error["field"] == f"pretrain.{field}"


def test_the_corpus_is_text_questions_and_answers_only(bench, tmp_path):
    corpus = tmp_path / "c.jsonl"
    rows = [{"id": "SECRET", "question": "who?", "answers": ["anna", "reed"], "ctxs": [{"title": "HIDDEN", "text": "who? anna. " * 60}]}]
    corpus.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = bench.done(bench.job("pretrain", corpusFiles=[str(corpus)], pretrain={**PRETRAIN, "steps": 1}))
    merges = json.loads((out / "tokenizer.json").read_text())["model"]["merges"]
    assert merges and not {"S", "H", "D"} & set("".join("".join(m) for m in merges))


def test_the_learning_rate_warms_up_and_decays():
    assert learning_rate_share(1, 1000) == 0.01
    assert learning_rate_share(100, 1000) == 1
    assert learning_rate_share(550, 1000) == pytest.approx(0.5)
    assert learning_rate_share(1000, 1000) == pytest.approx(0)
    assert math.isfinite(learning_rate_share(1, 1))


def test_a_seeded_base_copies_what_an_unseeded_one_cannot_and_says_that_it_was_seeded(bench):
    spec = {**PRETRAIN, "hiddenSize": 64, "attentionHeads": 4, "keyValueHeads": 2, "contextTokens": 64, "tokensPerStep": 1024, "steps": 1, "copyingSteps": 60}
    job = bench.job("pretrain", pretrain={**spec, "seededInduction": True})
    seeded = bench.run(job)
    assert seeded["summary"]["copyingLoss"] < 0.75 * math.log(seeded["summary"]["vocabulary"])
    told = json.loads(Path(job["outputDir"], "origin.json").read_text())
    assert "set by hand" in told["seededInduction"]
    plain = bench.job("pretrain", pretrain=spec)
    assert bench.run(plain)["summary"]["copyingLoss"] is None
    assert json.loads(Path(plain["outputDir"], "origin.json").read_text())["seededInduction"] is None
