"""A training that was cut off and resumed ends as one that was not: the same adapter and the same steps, bit for bit."""

import shutil
from pathlib import Path

import pytest
from conftest import Bench, bytes_of, make_folder, read_jsonl, write_examples
from test_process import Trainer

# Six examples, four to a step: each epoch ends with a smaller step. Eight steps in all.
TRAIN = {"learningRate": 2e-2, "epochs": 4, "accumulationSteps": 4}
STEPS = 8


def train_job(bench, folder=None, minutes=1e-9, **fields):
    checkpoints = None if folder is None else {"folder": str(folder), "minutes": minutes}
    return bench.job("train", **{"train": TRAIN, "checkpoints": checkpoints, **fields})


@pytest.fixture(scope="module")
def undisturbed(bench):
    return bytes_of(bench.done(train_job(bench)))


@pytest.fixture(scope="module")
def checkpoints(bench, tmp_path_factory):
    """A checkpoint after every step but the last."""
    folder = tmp_path_factory.mktemp("checkpoints")
    bench.done(train_job(bench, folder))
    return folder


def test_checkpoints_change_nothing_and_hold_no_path(bench, checkpoints, undisturbed, tmp_path):
    assert bytes_of(bench.done(train_job(bench, tmp_path))) == undisturbed
    assert sorted(f.name for f in checkpoints.iterdir()) == [f"step-{n:08d}" for n in range(1, STEPS)]
    for file in (checkpoints / "step-00000003").iterdir():
        assert str(bench.folder).encode() not in file.read_bytes(), file.name


@pytest.mark.parametrize("step", range(1, STEPS))
def test_resumed_after_any_step_it_ends_the_same(bench, checkpoints, undisturbed, tmp_path, step):
    """In the middle of an epoch, at its end, and before its smaller last step."""
    name = f"step-{step:08d}"
    shutil.copytree(checkpoints / name, tmp_path / name)
    # What a process leaves that is killed while it writes one.
    (tmp_path / "partial").mkdir()
    (tmp_path / "partial" / "optimizer.pt").write_bytes(b"half")
    job = train_job(bench, tmp_path)
    line = bench.run(job)
    assert line["measurements"]["resumedFromStep"] == step
    out = Path(job["outputDir"])
    assert bytes_of(out) == undisturbed
    assert bench.progress[0]["done"] == step + 1
    # The pace of the steps before is that of the process which made them.
    before = read_jsonl(checkpoints / name / "pace.jsonl")
    assert read_jsonl(out / "pace.jsonl")[:step] == before and len(before) == step


@pytest.mark.parametrize(
    ("family", "settings", "dtype", "changes"),
    [
        ("llama", {}, "bfloat16", {}),
        ("llama", {}, "bfloat16", {"batchSize": 2, "accumulationSteps": 2, "loss": "sequence"}),
        ("mixtral", {"num_local_experts": 4, "num_experts_per_tok": 2}, "float32", {"targetModules": "all"}),
    ],
    ids=["bfloat16", "padded batches of whole sequences", "experts"],
)
def test_so_it_does_in_other_precision_in_batches_and_with_experts(tmp_path, family, settings, dtype, changes):
    bench = Bench(tmp_path, lambda folder: make_folder(folder, 1, family, **settings))
    fields = {"train": {**TRAIN, "epochs": 2, **changes}, "model": {**bench.job("evaluate")["model"], "dtype": dtype}}
    (made := tmp_path / "made").mkdir()
    whole = bytes_of(bench.done(train_job(bench, made, **fields)))
    name = "step-00000002"
    shutil.copytree(made / name, tmp_path / "cut" / name)
    job = train_job(bench, tmp_path / "cut", minutes=60, **fields)
    assert bench.run(job)["measurements"]["resumedFromStep"] == 2
    assert bytes_of(Path(job["outputDir"])) == whole == bytes_of(bench.done(train_job(bench, **fields)))


def test_a_process_killed_at_work_is_replaced_by_one_that_ends_the_same(bench, tmp_path):
    long = {**TRAIN, "epochs": 40}
    undisturbed = bytes_of(bench.done(train_job(bench, train=long)))
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    made = []
    for kill_after in (2, 3):
        (home := tmp_path / f"process-{kill_after}").mkdir()
        trainer = Trainer(home)
        trainer.read_until("ready")
        trainer.start(train_job(bench, folder, train=long))
        for _ in range(kill_after):
            line = trainer.read_until("checkpoint", "error")
            assert line["type"] == "checkpoint", line
            made.append(line["step"])
        trainer.process.kill()
        trainer.process.wait()
        trainer.stderr.close()
    assert made[:2] == [1, 2] and made[2] > 2
    (home := tmp_path / "process-last").mkdir()
    trainer = Trainer(home)
    try:
        trainer.read_until("ready")
        job = train_job(bench, folder, train=long)
        line = trainer.run(job)
    finally:
        trainer.process.kill()
        trainer.process.wait()
        trainer.stderr.close()
    assert line["type"] == "result" and made[-1] <= line["measurements"]["resumedFromStep"] < 80
    assert bytes_of(Path(job["outputDir"])) == undisturbed


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda bench, job: {**job, "seed": 4}, "seed"),
        (lambda bench, job: {**job, "train": {**TRAIN, "learningRate": 1e-3}}, "train"),
        (lambda bench, job: {**job, "trainFile": str(write_examples(bench.folder / "fewer.jsonl", bench.examples[:5]))}, "rows"),
    ],
)
def test_checkpoints_of_another_run_are_left_alone(bench, checkpoints, tmp_path, change, named):
    shutil.copytree(checkpoints / "step-00000002", tmp_path / "step-00000002")
    plain = bytes_of(bench.done(change(bench, train_job(bench))))
    job = change(bench, train_job(bench, tmp_path, minutes=60))
    line = bench.run(job)
    assert line["measurements"]["resumedFromStep"] == 0
    assert any("step-00000002" in log["message"] and named in log["message"] for log in bench.logs)
    assert bytes_of(Path(job["outputDir"])) == plain


def test_the_newest_that_can_be_read_is_used(bench, checkpoints, undisturbed, tmp_path):
    for step in (2, 3, 4):
        shutil.copytree(checkpoints / f"step-{step:08d}", tmp_path / f"step-{step:08d}")
    (tmp_path / "step-00000004" / "run.json").write_text("{")
    job = train_job(bench, tmp_path, minutes=60)
    assert bench.run(job)["measurements"]["resumedFromStep"] == 3
    assert bytes_of(Path(job["outputDir"])) == undisturbed


def test_checkpoints_come_by_the_clock(bench, tmp_path, monkeypatch):
    """With a clock that goes on by 25 seconds each time it is read, one a minute."""
    ticks = iter(range(0, 10**6, 25))
    monkeypatch.setattr("needlework_trainer.checkpoints.time", type("Clock", (), {"monotonic": staticmethod(lambda: next(ticks))}))
    bench.done(train_job(bench, tmp_path, minutes=1))
    made = sorted(int(f.name.removeprefix("step-")) for f in tmp_path.iterdir())
    # Read once at the start, once after each step and once after each checkpoint.
    assert made == [3, 6]


def test_a_checkpoint_folder_that_is_not_there_is_named(bench, tmp_path):
    error = bench.run(train_job(bench, tmp_path / "nowhere"))["error"]
    assert error["type"] == "BadJob" and error["field"] == "checkpoints.folder" and not error["retryable"]
