"""The benchmark's models are shaped as the paper's, its operations are those of `needlework plan`, and each kind of job is measured."""

import math
import re
from pathlib import Path

import pytest
import torch
from benches.trainer import stages
from benches.trainer.shape import SIZES
from transformers import AutoConfig, AutoModelForCausalLM

ESTIMATE = Path(__file__).parents[3] / "activities" / "estimate" / "model-shape.ts"


@pytest.mark.parametrize(("size", "name"), [("llama-3-8b", "Meta-Llama-3-8B-Instruct"), ("mistral-7b", "Mistral-7B-Instruct-v0.1")])
def test_the_large_shapes_have_as_many_weights_as_the_plan_counts(size, name):
    shape = SIZES[size]
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(shape.family, **shape.settings))
    weights = sum(weight.numel() for weight in model.parameters())
    planned = re.search(rf"{name}': \{{ parameters: ([\d_]+), layers: (\d+), hiddenSize: (\d+)", ESTIMATE.read_text())
    assert [int(number) for number in planned.groups()] == [weights, shape.layers, shape.settings["hidden_size"]]
    # The weights by themselves, and attention on top of them.
    tokens = 32_768
    attention = sum(4 * query * shape.settings["hidden_size"] * shape.layers for query in range(0, tokens, 64)) * 64
    assert math.isclose(stages.forward_operations(weights, shape, tokens), 2 * weights * tokens + attention, rel_tol=0.01)


def test_each_kind_of_job_is_measured(tmp_path, capsys):
    stages.bench(tmp_path, "1m-sliding", [300], answer=3, repeats=1, device="cpu")
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("300 ")]
    assert [(kind, int(passes)) for _, kind, passes, *_ in rows] == [("train", 3), ("evaluate", 1), ("score", 1), ("mask", 3), ("patch", 5)]
    operations = stages.forward_operations(sum_of_weights(tmp_path / "model"), SIZES["1m-sliding"], 300)
    for _, _, passes, seconds, _, rate, *_ in rows:
        assert math.isclose(float(rate) * 1e12 * float(seconds), int(passes) * operations, rel_tol=0.05)
    # A cell trains on 1,260 examples, and masks 17 sets where three were measured.
    hours = {kind: float(line[-1]) * 3600 / float(line[1]) for _, kind, *line in rows}
    assert hours["train"] == pytest.approx(1260, rel=0.1) and hours["mask"] == pytest.approx(200 * 17 / 3, rel=0.1)


def sum_of_weights(folder):
    return sum(weight.numel() for weight in AutoModelForCausalLM.from_pretrained(folder).parameters())
