"""DeepSpeed's ZeRO: the same training as without it, resumed too, and nothing of it left over; refused where it is not installed."""

import importlib.util
import os
import shutil
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from conftest import bytes_of, read_jsonl
from safetensors.torch import load_file
from test_process import Trainer

INSTALLED = importlib.util.find_spec("deepspeed") is not None
needs_deepspeed = pytest.mark.skipif(not INSTALLED, reason="the package deepspeed is not installed (infra/trainer/requirements-deepspeed.lock)")
# Six examples, four to a step: every other step is smaller.
TRAIN = {"learningRate": 2e-2, "epochs": 4, "accumulationSteps": 4}


def train_job(bench, deepspeed, dtype="float32", **fields):
    model = {**bench.job("evaluate")["model"], "dtype": dtype}
    return bench.job("train", **{"train": {**TRAIN, "deepspeed": deepspeed}, "model": model, **fields})


@pytest.mark.skipif(INSTALLED, reason="the package deepspeed is installed")
def test_without_the_package_the_job_is_refused_and_says_how_to_get_it(bench):
    error = bench.run(train_job(bench, "zero-2"))["error"]
    assert (error["type"], error["field"], error["retryable"]) == ("PackageMissing", "train.deepspeed", False)
    for words in ("'zero-2'", "'off'", "NEEDLEWORK_DEEPSPEED=1", "requirements-deepspeed.lock"):
        assert words in error["message"]


@needs_deepspeed
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("stage", ["zero-1", "zero-2"])
def test_it_trains_as_the_plain_trainer_does(bench, stage, dtype):
    plain, zero = (bench.done(train_job(bench, asked, dtype)) for asked in ("off", stage))
    steps, expected = read_jsonl(zero / "steps.jsonl"), read_jsonl(plain / "steps.jsonl")
    assert len(steps) == 8 and expected[-1]["loss"] < expected[0]["loss"] / 5
    for field in ("loss", "gradNorm"):
        assert [s[field] for s in steps] == pytest.approx([s[field] for s in expected], rel=1e-4)
    for field in ("step", "learningRate", "tokens"):
        assert [s[field] for s in steps] == [s[field] for s in expected]
    weights, theirs = load_file(zero / "adapter_model.safetensors"), load_file(plain / "adapter_model.safetensors")
    assert weights.keys() == theirs.keys()
    for name, weight in weights.items():
        assert weight.dtype == torch.float32
        torch.testing.assert_close(weight, theirs[name], rtol=1e-3, atol=1e-5)


@needs_deepspeed
@pytest.mark.parametrize(("changes", "settings"), [({"loss": "sequence"}, {}), ({"batchSize": 2, "accumulationSteps": 2}, {}), ({}, {"recompute": True})])
def test_it_does_with_whole_sequences_padded_batches_and_recomputed_activations(bench, monkeypatch, changes, settings):
    if settings:
        monkeypatch.setattr("needlework_trainer.answer_trainer.needs_checkpointing", lambda *_: True)
    plain, zero = (bench.done(train_job(bench, asked, train={**TRAIN, **changes, "deepspeed": asked})) for asked in ("off", "zero-2"))
    losses, expected = ([s["loss"] for s in read_jsonl(folder / "steps.jsonl")] for folder in (zero, plain))
    assert losses == pytest.approx(expected, rel=1e-4)


@needs_deepspeed
@pytest.mark.parametrize("stage", ["zero-1", "zero-2"])
def test_resumed_after_any_step_it_ends_the_same_bit_for_bit(bench, tmp_path, stage):
    undisturbed = bytes_of(bench.done(train_job(bench, stage)))
    (made := tmp_path / "made").mkdir()
    assert bytes_of(bench.done(train_job(bench, stage, checkpoints={"folder": str(made), "minutes": 1e-9}))) == undisturbed
    for file in filter(Path.is_file, made.rglob("*")):
        assert str(bench.folder).encode() not in file.read_bytes(), file.name
    for step in (1, 2, 5, 7):
        name = f"step-{step:08d}"
        shutil.copytree(made / name, tmp_path / str(step) / name)
        job = train_job(bench, stage, checkpoints={"folder": str(tmp_path / str(step)), "minutes": 60})
        line = bench.run(job)
        assert line["measurements"]["resumedFromStep"] == step and line["measurements"]["deepspeed"].startswith(stage)
        assert bytes_of(Path(job["outputDir"])) == undisturbed


@needs_deepspeed
def test_a_process_killed_at_work_is_replaced_by_one_that_ends_the_same(bench, tmp_path):
    long = {**TRAIN, "epochs": 10, "deepspeed": "zero-1"}
    undisturbed = bytes_of(bench.done(train_job(bench, "zero-1", train=long)))
    (folder := tmp_path / "checkpoints").mkdir()
    job = train_job(bench, "zero-1", train=long, checkpoints={"folder": str(folder), "minutes": 1e-9})
    for attempt in ("killed", "last"):
        (home := tmp_path / attempt).mkdir()
        trainer = Trainer(home)
        try:
            trainer.read_until("ready")
            trainer.start(job)
            line = trainer.read_until(*(("checkpoint", "error") if attempt == "killed" else ("result", "error")))
        finally:
            trainer.process.kill()
            trainer.process.wait()
            trainer.stderr.close()
    assert line["type"] == "result" and 1 <= line["measurements"]["resumedFromStep"] < 20
    assert bytes_of(Path(job["outputDir"])) == undisturbed


@needs_deepspeed
def test_checkpoints_with_and_without_it_are_of_different_runs(bench, tmp_path):
    bench.done(train_job(bench, "off", checkpoints={"folder": str(tmp_path), "minutes": 1e-9}))
    line = bench.run(train_job(bench, "zero-1", checkpoints={"folder": str(tmp_path), "minutes": 60}))
    assert line["measurements"]["resumedFromStep"] == 0


@needs_deepspeed
def test_a_pickle_in_a_checkpoint_runs_no_code(bench, tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "evil"),))

    folder = tmp_path / "checkpoints"
    folder.mkdir()
    bench.done(train_job(bench, "zero-1", checkpoints={"folder": str(folder), "minutes": 1e-9}))
    (states,) = (folder / "step-00000007").glob("*/*optim_states.pt")
    torch.save({"optimizer_state_dict": Evil()}, states)
    error = bench.run(train_job(bench, "zero-1", checkpoints={"folder": str(folder), "minutes": 60}))["error"]
    assert "Weights only load failed" in error["message"] and not (tmp_path / "evil").exists()


@needs_deepspeed
@pytest.mark.parametrize("fails", [False, True])
def test_nothing_of_it_is_left_for_the_next_job(bench, fails):
    plain = bytes_of(bench.done(train_job(bench, "off")))
    answers = bytes_of(bench.done(bench.job("evaluate")))
    model, environment = bench.session._models._base.model, dict(os.environ)

    def traces():
        return [(name, type(m), sorted(vars(m)), len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for name, m in model.named_modules()] + [
            (name, sorted(vars(w)), w.requires_grad, w.grad) for name, w in model.named_parameters()
        ]

    before = traces()
    line = bench.run(train_job(bench, "zero-2", train={**TRAIN, "deepspeed": "zero-2", **({"learningRate": 1e30, "warmupShare": 0} if fails else {})}))
    if fails:
        assert line["error"]["type"] == "NaNLoss" and not line["error"]["retryable"]
    else:
        assert line["type"] == "result"
    assert bench.session._models._base.model is model and traces() == before
    assert not dist.is_initialized() and dict(os.environ) == environment
    assert bytes_of(bench.done(bench.job("evaluate"))) == answers
    assert bytes_of(bench.done(train_job(bench, "off"))) == plain
