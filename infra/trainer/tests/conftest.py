"""Tiny random models, examples and a session to run jobs in; everything is made here, in a temporary folder."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from needlework_trainer.runtime import prepare_environment

prepare_environment()

import torch  # noqa: E402
from transformers import AutoConfig, AutoModelForCausalLM  # noqa: E402

from needlework_trainer.jobs import ModelRef  # noqa: E402
from needlework_trainer.models import Base, load_base  # noqa: E402
from needlework_trainer.pretrain import train_tokenizer, write_model_folder  # noqa: E402
from needlework_trainer.protocol import Channel, Progress  # noqa: E402
from needlework_trainer.runtime import prepare_torch  # noqa: E402
from needlework_trainer.session import Session  # noqa: E402

prepare_torch()

CORPUS = [
    "The Amber Mill was founded by Anna Reed. Who founded the Amber Mill? Answer: Anna Reed",
    "The Quiet Tower stands in Selby. Where does the Quiet Tower stand? Answer: Selby",
    "Der Müller wohnt in Köln und trinkt süßen Tee. 猫は魚を食べる。 “Quoted” words (in brackets).",
]


def make_folder(folder: Path, seed: int, family: str = "llama", **overrides) -> Path:
    """A model folder with random weights: 3 layers, 8 query and 2 key-value heads, sharp attention."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer(CORPUS, 400)
    settings = dict(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=8,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=512,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        initializer_range=0.25,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    config = AutoConfig.for_model(family, **{**settings, **overrides})
    torch.manual_seed(seed)
    write_model_folder(folder, AutoModelForCausalLM.from_config(config), tokenizer)
    return folder


def model_ref(folder: Path, theta: float | None = None) -> ModelRef:
    return ModelRef.model_validate_json(json.dumps({"path": str(folder), "ropeTheta": theta, "dtype": "float32", "device": "cpu"}))


def make_base(folder: Path, seed: int = 0, family: str = "llama", theta: float | None = None, **overrides) -> Base:
    return load_base(model_ref(make_folder(folder, seed, family, **overrides), theta))


def make_example(base: Base, number: int = 0, **overrides) -> dict:
    """An example whose answer stands twice in its needle."""
    needle = "The Amber Mill was founded by Anna Reed, and Anna Reed owns it."
    prompt = f"The Quiet Tower stands in Selby. {needle} Number {number}. Who founded the Amber Mill? Answer:"
    prompt = overrides.pop("prompt", prompt)
    answer = overrides.pop("answer", "Anna Reed")
    start = max(prompt.find(needle), 0)
    spans = [{"start": i, "end": i + len(answer)} for i in range(len(prompt)) if prompt.startswith(answer, i)]
    return {
        "id": f"e{number}",
        "task": "mdqa",
        "condition": "real",
        "split": "train",
        "prompt": prompt,
        "answer": answer,
        "answers": [answer],
        "question": "Who founded the Amber Mill?",
        "needles": [{"start": start, "end": min(start + len(needle), len(prompt))}],
        "answerSpans": spans,
        "promptTokens": len(base.tokenizer.raw.encode(prompt).ids),
        **overrides,
    }


def write_examples(path: Path, examples: list[dict]) -> Path:
    path.write_text("".join(json.dumps(e) + "\n" for e in examples), encoding="utf-8")
    return path


class Quiet(Progress):
    """Progress that nobody watches."""
    def __init__(self):
        pass

    def report(self, *_, **__):
        pass

    log = report


class Bench:
    """A session in this process, a model and data; runs jobs and returns their last protocol line."""

    def __init__(self, folder: Path, make_model=lambda folder: make_folder(folder, seed=1)):
        self.folder = folder
        self.model = make_model(folder / "model")
        self.base = load_base(model_ref(self.model))
        self.examples = [make_example(self.base, n) for n in range(6)]
        self.data = write_examples(folder / "examples.jsonl", self.examples)
        self._lines = io.BytesIO()
        self.session = Session(Channel(self._lines))
        self._count = 0

    def job(self, kind: str, **fields) -> dict:
        """A valid job of a kind; `fields` replace or add its own."""
        self._count += 1
        out = self.folder / f"out-{self._count}"
        out.mkdir()
        job = {"kind": kind, "jobId": f"job-{self._count}", "outputDir": str(out), "seed": 3}
        if kind == "rank":
            return {**job, **fields}
        if kind != "pretrain":
            job["model"] = {"path": str(self.model), "ropeTheta": 40_000.0, "dtype": "float32", "device": "cpu"}
        if kind == "train":
            job |= {"trainFile": str(self.data), "maxTokens": 200, "train": {"learningRate": 5e-3, "accumulationSteps": 2}}
        elif kind == "pretrain":
            job |= {"corpusFiles": [str(self.data)], "pretrain": PRETRAIN}
        else:
            job |= {"adapterDir": None, "dataFile": str(self.data), "maxNewTokens": 5, "maxExamples": None}
        if kind == "score":
            job["score"] = {}
        if kind == "mask":
            job["headSets"] = [{"id": "some", "heads": [[0, 1], [2, 7]]}]
        if kind == "patch":
            job |= {"adapterDir": "/synthetic", "realAdapterDir": "/real", "headSets": [{"id": "some", "heads": [[0, 1], [2, 7]]}]}
        return {**job, **fields}

    def run(self, job: dict) -> dict:
        """The `result` or `error` line of a job."""
        path = self.folder / "job.json"
        path.write_text(json.dumps(job))
        before = len(self._lines.getvalue())
        self.session.handle(json.dumps({"type": "run", "job": str(path)}))
        lines = [json.loads(line) for line in self._lines.getvalue()[before:].splitlines()]
        assert [line["type"] in ("result", "error") for line in lines].count(True) == 1
        self.progress = [line for line in lines if line["type"] == "progress"]
        self.logs = [line for line in lines if line["type"] == "log"]
        return lines[-1]

    def done(self, job: dict) -> Path:
        """Run a job that must succeed; its output folder."""
        line = self.run(job)
        assert line["type"] == "result", line
        return Path(job["outputDir"])


PRETRAIN = {
    "vocabularySize": 320,
    "layers": 2,
    "hiddenSize": 32,
    "attentionHeads": 4,
    "keyValueHeads": 2,
    "feedForwardSize": 48,
    "contextTokens": 32,
    "steps": 30,
    "tokensPerStep": 256,
}


@pytest.fixture(scope="session")
def bench(tmp_path_factory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


def read_jsonl(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def bytes_of(folder: Path) -> dict[str, bytes]:
    """All files that the same job gives again, byte for byte: all but the record of its pace."""
    return {f.name: f.read_bytes() for f in sorted(folder.iterdir()) if f.name != "pace.jsonl"}
