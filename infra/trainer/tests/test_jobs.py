"""Refusals name field, found and allowed, and nothing runs."""

import json

import pytest

from needlework_trainer.errors import BadJob
from needlework_trainer.jobs import parse_job


def without(job: dict, key: str) -> dict:
    return {k: v for k, v in job.items() if k != key}


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        (lambda j: {**j, "kind": "teach"}, "kind", ["'teach'", "'train'", "'pretrain'"]),
        (lambda j: without(j, "kind"), "kind", ["nothing", "'score'"]),
        (lambda j: without(j, "maxTokens"), "maxTokens", ["nothing", "required"]),
        (lambda j: {**j, "maxTokens": 0}, "maxTokens", ["0", "greater than or equal to 1"]),
        (lambda j: {**j, "maxTokens": "12"}, "maxTokens", ['"12"', "integer"]),
        (lambda j: {**j, "sede": 1}, "sede", ["unknown", "seed", "trainFile"]),
        (lambda j: {**j, "train": {"learningrate": 1}}, "train.learningrate", ["unknown", "learningRate"]),
        (lambda j: {**j, "train": {"learningRate": -1}}, "train.learningRate", ["-1", "greater than 0"]),
        (lambda j: {**j, "train": {"schedule": "step"}}, "train.schedule", ['"step"', "'cosine'"]),
        (lambda j: {**j, "model": {**j["model"], "dtype": "float16"}}, "model.dtype", ['"float16"', "'bfloat16'"]),
        (lambda j: {**j, "model": {**j["model"], "ropetheta": 1}}, "model.ropetheta", ["unknown", "ropeTheta"]),
        (lambda j: {**j, "outputDir": "/does/not/exist"}, "outputDir", ["/does/not/exist", "existing empty folder"]),
    ],
)
def test_a_bad_job_is_refused_with_field_found_and_allowed(bench, change, field, words):
    line = bench.run(change(bench.job("train")))
    assert line["type"] == "error" and line["error"]["type"] == "BadJob"
    assert line["error"]["retryable"] is False
    assert line["error"]["field"] == field
    for word in [field, "found", "allowed", *words]:
        assert word in line["error"]["message"]


def test_a_bad_head_is_named(bench):
    line = bench.run(bench.job("mask", headSets=[{"id": "a", "heads": [[0, 1], [0, 8]]}]))
    assert line["error"]["type"] == "BadJob" and line["error"]["field"] == "headSets.0.heads.1"
    line = bench.run(bench.job("mask", headSets=[{"id": "unmasked", "heads": []}]))
    assert line["error"]["field"] == "headSets.0.id"


def test_an_output_folder_with_something_in_it_is_refused(bench):
    job = bench.job("evaluate")
    bench.done(job)
    assert bench.run(job)["error"]["field"] == "outputDir"


def test_text_that_is_not_json_is_refused():
    with pytest.raises(BadJob, match="JSON"):
        parse_job("{")


def test_every_kind_of_job_is_read(bench):
    for kind in ("train", "evaluate", "score", "mask", "patch", "pretrain"):
        assert parse_job(json.dumps(bench.job(kind))).kind == kind


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        (lambda e: {**e, "promptTokens": e["promptTokens"] + 1}, "promptTokens", ["another one"]),
        (lambda e: {**e, "answer": ""}, "answer", ["at least 1"]),
        (lambda e: {**e, "answer": " \n "}, "answer", ["white space"]),
        (lambda e: {**e, "needles": [{"start": 5, "end": 5}]}, "needles.0", ["[5, 5)"]),
        (lambda e: {**e, "answerSpans": [{"start": 0, "end": 10_000}]}, "answerSpans.0", ["10000"]),
        (lambda e: {**e, "nedles": []}, "nedles", ["unknown", "needles"]),
    ],
)
def test_a_malformed_line_is_refused_with_file_line_and_field(bench, change, field, words):
    data = bench.folder / "bad.jsonl"
    data.write_text("".join(json.dumps(e) + "\n" for e in [bench.examples[0], change(bench.examples[1])]))
    error = bench.run(bench.job("evaluate", dataFile=str(data)))["error"]
    assert error["type"] == "DataError" and error["field"] == field and not error["retryable"]
    for word in ["bad.jsonl", "line 2", field, *words]:
        assert word in error["message"]


def test_missing_things_have_their_types(bench):
    model = {**bench.job("evaluate")["model"], "path": "/no/model"}
    assert bench.run(bench.job("evaluate", model=model))["error"]["type"] == "ModelMissing"
    assert bench.run(bench.job("evaluate", dataFile="/no/file"))["error"]["type"] == "DataError"
    assert bench.run(bench.job("evaluate", adapterDir="/no/adapter"))["error"]["type"] == "AdapterMismatch"
