"""Ranking passages: what Contriever would give, one text at a time; in any batches; and what is refused."""

import json
from pathlib import Path

import pytest
import torch
from conftest import bytes_of, read_jsonl
from tiny_encoder import make_encoder
from transformers import AutoTokenizer, BertModel

from needlework_trainer import rank
from needlework_trainer.encoders import mean_pool
from needlework_trainer.rank import Best

NAMES = ["Amber Mill", "Quiet Tower", "Selby", "Anna Reed", "founded", "stands", "the", "mill who"]
QUESTIONS = [{"id": f"q{n}", "question": f"Who founded {NAMES[n % 8]} {n}?", "answers": ["x"]} for n in range(7)]
POOL = [{"title": NAMES[n % 8], "text": " ".join(NAMES[(n * k) % 8] for k in range(1, 2 + n % 5)) + f" {n}."} for n in range(50)]


def write(path: Path, rows: list[dict]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory) -> Path:
    return make_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def job(bench, encoder, tmp_path):
    """Makes rank jobs; `rank` and other fields as given."""

    def make(**fields) -> dict:
        files = [write(tmp_path / "train.jsonl", QUESTIONS[:4]), write(tmp_path / "test.jsonl", QUESTIONS[4:])]
        ref = {"path": str(fields.pop("encoder", encoder)), "dtype": "float32", "device": "cpu"}
        settings = {"top": 10, "maxTokens": 64, **fields.pop("rank", {})}
        pool = write(tmp_path / "pool.jsonl", fields.pop("pool", POOL))
        return bench.job("rank", encoder=ref, passagesFile=pool, questionFiles=files, rank=settings, **fields)

    return make


def naive(folder: Path, similarity: str = "dot", max_tokens: int = 64, prefixes: tuple[str, str] = ("", "")) -> list[list[int]]:
    """All passages for each question, best first: one text at a time, as Contriever's README tells."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), BertModel.from_pretrained(folder, add_pooling_layer=False).eval()

    @torch.no_grad()
    def vector(text: str) -> torch.Tensor:
        inputs = tokenizer(text, truncation=True, max_length=max_tokens, return_tensors="pt", return_token_type_ids=False)
        found = model(**inputs).last_hidden_state[0].mean(dim=0)
        return found / found.norm() if similarity == "cosine" else found

    passages = [vector(f"{prefixes[1]}{p['title']} {p['text']}") for p in POOL]
    scores = [[float(vector(prefixes[0] + q["question"]) @ p) for p in passages] for q in QUESTIONS]
    return [sorted(range(len(POOL)), key=lambda i: (-row[i], i)) for row in scores]


def ranked(bench, job: dict) -> list[list[int]]:
    return [row["passages"] for row in read_jsonl(bench.done(job) / "ranking.jsonl")]


@pytest.mark.parametrize(
    ("settings", "how"),
    [
        ({}, {}),
        ({"similarity": "cosine"}, {"similarity": "cosine"}),
        ({"maxTokens": 6}, {"max_tokens": 6}),
        ({"questionPrefix": "who: ", "passagePrefix": "where: "}, {"prefixes": ("who: ", "where: ")}),
    ],
)
def test_passages_are_ranked_as_one_text_after_another_would_be(bench, job, encoder, settings, how):
    expected = naive(encoder, **how)
    assert ranked(bench, job(rank=settings)) == [order[:10] for order in expected]
    # The settings make a difference, so the comparison above means something.
    assert how == {} or expected != naive(encoder)


def test_rows_are_in_the_order_of_the_files_with_id_and_question(bench, job):
    rows = read_jsonl(bench.done(job()) / "ranking.jsonl")
    assert [(row["id"], row["question"]) for row in rows] == [(row["id"], row["question"]) for row in QUESTIONS]


def test_neither_batches_nor_blocks_change_anything(bench, job, monkeypatch):
    once = bytes_of(bench.done(job()))
    assert bytes_of(bench.done(job(rank={"batchSize": 1}))) == once
    assert bytes_of(bench.done(job(rank={"batchSize": 7}))) == once
    monkeypatch.setattr(rank, "PASSAGES", 6)
    monkeypatch.setattr(rank, "QUESTIONS", 3)
    assert bytes_of(bench.done(job())) == once
    assert bench.progress[-1]["done"] == bench.progress[-1]["total"] == len(POOL)


def test_equal_scores_go_by_the_order_of_the_pool(bench, job):
    same = [{"title": "Mill", "text": "The same text."}] * 30
    assert ranked(bench, job(pool=same, rank={"top": 5})) == [[0, 1, 2, 3, 4]] * len(QUESTIONS)
    best = Best(torch.ones(2, 1), 3)
    for first, scores in ((0, [1.0, 2.0]), (2, [2.0, 1.0]), (4, [2.0, 3.0])):
        best.add(torch.tensor(scores)[:, None], first)
    assert best.passages.tolist() == [[5, 1, 2]] * 2


def test_a_pool_smaller_than_asked_for_is_ranked_whole(bench, job):
    found = ranked(bench, job(pool=POOL[:3]))
    assert all(sorted(passages) == [0, 1, 2] for passages in found)
    assert ranked(bench, job(pool=[])) == [[]] * len(QUESTIONS)


def test_padding_counts_for_nothing():
    hidden = torch.tensor([[[1.0], [3.0], [100.0]], [[2.0], [4.0], [6.0]]])
    mask = torch.tensor([[True, True, False], [True, True, True]])
    assert mean_pool(hidden, mask).tolist() == [[2.0], [4.0]]


def test_weights_as_contriever_was_published_give_the_same(bench, job, tmp_path, encoder):
    assert ranked(bench, job(encoder=make_encoder(tmp_path / "bin", weights="bin"))) == ranked(bench, job())


def test_a_half_precision_encoder_ranks_alike(bench, job):
    asked = job(rank={"top": 1})
    whole = [p for (p,) in ranked(bench, asked)]
    half = job()
    half["encoder"] = {**half["encoder"], "dtype": "bfloat16"}
    assert all(first in found for first, found in zip(whole, ranked(bench, half)))


def test_the_summary_says_what_was_compared(bench, job):
    line = bench.run(job())
    assert line["summary"] == {"questions": 7, "passages": 50, "top": 10, "width": 32}
    assert line["measurements"]["tokensPerSecond"] > 0


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(bench, job, tmp_path, name):
    folder = make_encoder(tmp_path / "e")
    (folder / name).unlink()
    error = bench.run(job(encoder=folder))["error"]
    assert (error["type"], error["field"], error["retryable"]) == ("ModelMissing", "encoder.path", False)
    assert name in error["message"]


def test_pickles_that_hold_more_than_tensors_are_refused(bench, job, tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("run",))

    folder = make_encoder(tmp_path / "e", weights="bin")
    torch.save({"evil": Evil()}, folder / "pytorch_model.bin")
    error = bench.run(job(encoder=folder))["error"]
    assert (error["type"], error["retryable"]) == ("ModelMissing", False)


def test_weights_that_do_not_fit_are_refused(bench, job, tmp_path):
    folder = make_encoder(tmp_path / "e")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 3}))
    assert "missing_keys" in bench.run(job(encoder=folder))["error"]["message"]
    (folder / "config.json").write_text('{"model_type": "t5"}')
    assert "a decoder of its own" in bench.run(job(encoder=folder))["error"]["message"]
    (folder / "config.json").write_text(json.dumps({**config, "hidden_size": "wide"}))
    assert bench.run(job(encoder=folder))["error"]["type"] == "ModelMissing"


def test_more_tokens_than_positions_are_refused(bench, job):
    error = bench.run(job(rank={"maxTokens": 65}))["error"]
    assert (error["type"], error["field"]) == ("BadJob", "rank.maxTokens") and "at most 64" in error["message"]


def test_malformed_rows_are_refused_with_file_line_and_field(bench, job):
    error = bench.run(job(pool=[POOL[0], {"title": "no text"}]))["error"]
    assert (error["type"], error["field"]) == ("DataError", "text") and "pool.jsonl, line 2" in error["message"]
    asked = job()
    Path(asked["questionFiles"][0]).write_text('{"id": "a"}\n')
    error = bench.run(asked)["error"]
    assert error["field"] == "question" and "train.jsonl, line 1" in error["message"]
    for file in asked["questionFiles"]:
        Path(file).write_text("")
    assert bench.run(asked)["error"]["field"] == "questionFiles"
