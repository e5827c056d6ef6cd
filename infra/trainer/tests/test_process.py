"""The real process: what it says, what it survives, how it ends."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from conftest import bytes_of

from needlework_trainer import evaluate

ROOT = Path(__file__).parents[1]


class Trainer:
    """A trainer process and its lines."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.stderr = (folder / "stderr").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "needlework_trainer"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            text=True,
        )

    def read(self) -> dict:
        line = self.process.stdout.readline()
        assert line, (self.folder / "stderr").read_text()[-2000:]
        return json.loads(line)

    def read_until(self, *types: str) -> dict:
        while (message := self.read())["type"] not in types:
            pass
        return message

    def start(self, job: dict) -> None:
        path = self.folder / f"{job['jobId']}.json"
        path.write_text(json.dumps(job))
        self.send({"type": "run", "job": str(path)})

    def send(self, message: dict) -> None:
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def run(self, job: dict) -> dict:
        self.start(job)
        return self.read_until("result", "error")


@pytest.fixture
def trainer(tmp_path):
    trainer = Trainer(tmp_path)
    yield trainer
    trainer.process.kill()
    trainer.process.wait()
    trainer.stderr.close()


def test_nothing_that_prints_gets_among_the_lines():
    program = """
import os, sys
from needlework_trainer.protocol import Channel, claim_stdout
channel = Channel(claim_stdout())
print("from Python")
os.write(1, b"from C")
channel.log("info", "a line")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {"type": "log", "level": "info", "message": "a line"}
    assert "from Python" in done.stderr and "from C" in done.stderr


def test_after_an_unexpected_error_the_model_is_loaded_afresh(bench, monkeypatch):
    assert bench.run(bench.job("evaluate"))["type"] == "result"
    with monkeypatch.context() as patch:
        patch.setattr(evaluate, "greedy", lambda *_: 1 / 0)
        error = bench.run(bench.job("evaluate"))["error"]
    assert error["type"] == "InternalError" and error["retryable"] and "ZeroDivisionError" in error["message"]
    assert bench.run(bench.job("evaluate"))["measurements"]["modelReloaded"] is True


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_full_disk_is_typed_and_retried(bench, monkeypatch, wrapped):
    def fail(*_):
        try:
            with open("/dev/full", "w") as file:
                file.write("x" * 100_000)
        except OSError as error:
            if not wrapped:
                raise
            raise RuntimeError("the file could not be written") from error

    with monkeypatch.context() as patch:
        patch.setattr(evaluate, "greedy", fail)
        error = bench.run(bench.job("evaluate"))["error"]
    assert error["type"] == "DiskFull" and error["retryable"]
    assert bench.run(bench.job("evaluate"))["type"] == "result"


def test_running_out_of_memory_is_typed_and_not_retried(bench, monkeypatch):
    def fail(*_):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(evaluate, "greedy", fail)
    error = bench.run(bench.job("evaluate"))["error"]
    assert error["type"] == "OutOfMemory" and not error["retryable"] and "20.00 GiB" in error["message"]


def test_one_process_runs_many_jobs_survives_bad_ones_and_ends_with_its_input(bench, trainer):
    ready = trainer.read()
    assert ready["type"] == "ready" and ready["protocol"] == 1
    assert {"python", "torch", "transformers", "trl", "peft"} <= ready["versions"].keys()
    assert ready["device"]["kind"] in ("cpu", "cuda") and ready["device"]["threads"] >= 1
    processors = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    if ready["device"]["kind"] == "cpu" and "model name" in processors:
        assert f": {ready['device']['name']}\n" in processors
    assert ready["device"]["memoryBytes"] > 2**20 and isinstance(ready["device"]["bfloat16"], bool)
    told = trainer.read()
    assert told["type"] == "log" and told["message"].startswith("device: ") and "GiB" in told["message"]

    first = trainer.run(bench.job("evaluate"))
    assert first["type"] == "result" and first["files"] == ["predictions.jsonl"]
    assert first["measurements"]["modelReloaded"] is True
    assert first["measurements"]["seconds"] > 0 and first["measurements"]["peakMemoryBytes"] > 0

    bad = trainer.run({**bench.job("train"), "maxTokens": -1})
    assert bad["type"] == "error" and bad["error"]["type"] == "BadJob" and bad["error"]["field"] == "maxTokens"
    trainer.send({"type": "walk"})
    assert trainer.read()["error"]["field"] == "type"

    # The train job prints a lot on its own; none of it may reach stdout, where every line must be JSON.
    job = bench.job("train")
    tuned = trainer.run(job)
    assert tuned["type"] == "result" and tuned["jobId"] == job["jobId"]
    assert tuned["measurements"]["modelReloaded"] is False and tuned["measurements"]["tokensPerSecond"] > 0
    # Another process, the same bytes.
    assert bytes_of(Path(job["outputDir"])) == bytes_of(bench.done(bench.job("train")))

    again = trainer.run(bench.job("evaluate"))
    assert again["measurements"]["modelReloaded"] is False

    trainer.process.stdin.close()
    assert trainer.process.wait(timeout=60) == 0


def test_sigterm_stops_a_running_job(bench, trainer):
    trainer.read_until("ready")
    trainer.start(bench.job("train", train={"epochs": 100_000}))
    assert trainer.read_until("progress", "error")["type"] == "progress"
    trainer.process.send_signal(signal.SIGTERM)
    assert trainer.process.wait(timeout=30) == 128 + signal.SIGTERM


def test_sigterm_stops_an_idle_process(trainer):
    trainer.read_until("ready")
    os.kill(trainer.process.pid, signal.SIGTERM)
    assert trainer.process.wait(timeout=30) == 143


def test_a_trainer_whose_worker_was_killed_ends_by_itself(tmp_path):
    # The worker in between is killed; the trainer's input stays open, held by this test.
    worker = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-m', 'needlework_trainer'])\n"
        "child.wait()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", worker], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert json.loads(process.stdout.readline())["type"] == "ready"
    assert json.loads(process.stdout.readline())["type"] == "log"
    process.kill()
    process.wait()
    # The trainer alone still holds the other end of this pipe; its end is the end of the pipe.
    assert process.stdout.read() == ""


def test_lines_are_ascii_since_others_may_be_cut_at_unusual_line_ends():
    from io import BytesIO

    from needlework_trainer.protocol import Channel

    stream = BytesIO()
    Channel(stream).log("info", "a\u2028b\u0085c ü")
    assert stream.getvalue().isascii() and json.loads(stream.getvalue())["message"] == "a\u2028b\u0085c ü"


def test_no_code_of_the_process_reaches_another_machine():
    """In a process of its own: an audit hook stays for good."""
    code = """
import socket
from needlework_trainer.runtime import refuse_network
refuse_network()
with socket.socket() as server:
    server.bind(("127.0.0.1", 0))
    server.listen()
    socket.create_connection(server.getsockname()).close()
for reach in (lambda: socket.create_connection(("192.0.2.1", 443), timeout=1), lambda: socket.getaddrinfo("example.org", 443)):
    try:
        reach()
    except PermissionError as error:
        print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert found.stdout.count("the trainer has no network") == 2
