"""Prompts that are too long, for the job's limit or for the model, are refused before anything is answered; none is cut."""

import pytest
from conftest import Bench, make_base, make_folder
from families import FAMILIES

#: Two families with a table of positions, one of which keeps its first rows for padding.
TABLES = {"opt": {"ffn_dim": 96, "word_embed_proj_dim": 64}, "gpt_bigcode": {}}
JOBS = {"evaluate": {}, "score": {}, "mask": {}, "patch": {}}


@pytest.fixture(scope="module")
def adapter(bench):
    return str(bench.done(bench.job("train")))


def longest(bench) -> int:
    return max(example["promptTokens"] for example in bench.examples)


@pytest.mark.parametrize("kind", JOBS)
def test_a_prompt_longer_than_the_jobs_limit_is_refused_not_cut(bench, adapter, kind):
    adapters = {"adapterDir": adapter, "realAdapterDir": adapter} if kind == "patch" else {}
    error = bench.run(bench.job(kind, maxPromptTokens=longest(bench) - 1, **adapters))["error"]
    assert (error["type"], error["field"], error["retryable"]) == ("PromptTooLong", "maxPromptTokens", False)
    assert f"'e0' has a prompt of {longest(bench)} tokens; allowed: at most {longest(bench) - 1}" in error["message"]
    assert not bench.progress
    bench.done(bench.job(kind, maxPromptTokens=longest(bench), **adapters))


@pytest.mark.parametrize("family", TABLES)
def test_a_models_own_positions_are_a_limit_to_the_token(tmp_path, family):
    """As many positions as prompt and answer take are enough; with one less nothing is answered, and it is no crash."""
    plain = Bench(tmp_path / "plain", lambda folder: make_folder(folder, 1, family, **TABLES[family]))
    example, length = plain.examples[0], longest(plain)
    forced = len(plain.base.tokenizer.encode_answer(example["prompt"], plain.base.tokenizer.raw.encode(example["prompt"]).ids, example["answer"]))
    # Nothing follows the last token of an answer; a training row ends with the end token too.
    jobs = [("evaluate", 5 - 1, {}), ("score", 5 - 1, {}), ("mask", 5 - 1, {}), ("score", forced - 1, {"score": {"decode": "teacher-forced"}, "maxNewTokens": 90}), *([("train", forced + 1, {})] if family == "gpt_bigcode" else [])]
    for number, (kind, room, fields) in enumerate(jobs):
        for lacking in (0, 1):
            positions = length + room - lacking
            folder = make_folder(tmp_path / f"{number}-{lacking}", 1, family, **{**TABLES[family], "max_position_embeddings": positions})
            line = plain.run(plain.job(kind, **fields, model={"path": str(folder), "ropeTheta": None, "dtype": "float32", "device": "cpu"}))
            if lacking:
                error = line["error"]
                assert (error["type"], error["field"], error["retryable"]) == ("PromptTooLong", "model.path", False)
                assert f"takes {positions + 1} positions" in error["message"] and f"at most {positions}," in error["message"]
            else:
                assert line["type"] == "result", line


@pytest.mark.parametrize("name", FAMILIES)
def test_rotary_models_have_no_such_limit(tmp_path, name):
    family, settings, _ = FAMILIES[name]
    assert make_base(tmp_path / "m", 0, family, **settings).positions is None
