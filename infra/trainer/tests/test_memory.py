"""Out of memory: what is said of it, and a real shortage of the host."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from conftest import model_ref
from test_process import ROOT

from needlework_trainer.memory import Demand, demand_of, explain, ran_out

GIB = 2**30
CUDA = "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.1 GiB of which 3.00 GiB is free.\nMore advice."
DEMAND = Demand(device="NVIDIA H100", total=80 * GIB, weights=16 * GIB, used=76 * GIB, refused=20 * GIB, tokens=32_768, batch=2, dtype="float32")


def test_the_message_says_what_was_asked_for_what_there_is_and_what_would_fit():
    assert explain(CUDA, DEMAND) == (
        "CUDA out of memory. Tried to allocate 20.00 GiB: found a context of 32,768 tokens, batches of 2, weights of 16.0 GiB, float32 on NVIDIA H100 "
        "with 80.0 GiB, of which 76.0 GiB were in use and 20.0 GiB more were asked for; allowed: a context of about 26,214 tokens or batchSize 1 or "
        "dtype bfloat16, or a device with more memory"
    )


def test_only_what_would_help_is_advised():
    said = explain(CUDA, replace(DEMAND, batch=1, dtype="bfloat16"))
    assert said.endswith("allowed: a context of about 26,214 tokens, or a device with more memory")
    assert explain(CUDA, replace(DEMAND, weights=100 * GIB)).endswith("a device that holds the weights, or dtype bfloat16, which halves them")
    assert "a shorter context" in explain(CUDA, replace(DEMAND, used=None))


@pytest.mark.parametrize("change", [{"used": 10 * GIB, "weights": 8 * GIB}, {"refused": None}, {"tokens": None}, {"weights": 90 * GIB}])
def test_no_length_is_named_that_nothing_speaks_for(change):
    assert replace(DEMAND, **change).fitting_tokens is None


def test_errors_of_gpu_and_host_are_known_and_others_are_not():
    assert ran_out(torch.OutOfMemoryError(CUDA)) and ran_out(MemoryError())
    assert ran_out(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 5 bytes."))
    assert ran_out(RuntimeError("CUDA error: out of memory")) and ran_out(RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"))
    assert not ran_out(RuntimeError("CUDA error: device-side assert triggered"))


def test_a_demand_is_read_from_job_data_and_error(bench):
    from needlework_trainer.jobs import parse_job

    job = parse_job(json.dumps(bench.job("train", train={"batchSize": 3})))
    demand = demand_of("DefaultCPUAllocator: can't allocate memory: you tried to allocate 123456 bytes.", job, bench.base)
    assert demand.tokens == max(example["promptTokens"] for example in bench.examples)
    assert (demand.batch, demand.dtype, demand.refused, demand.device) == (3, "float32", 123456, "this machine")
    assert demand.weights == sum(p.numel() * 4 for p in bench.base.model.parameters())
    assert demand.total > demand.used > demand.weights
    before_loading = demand_of(CUDA, job, None)
    assert before_loading.refused == 20 * GIB and before_loading.device != "this machine"
    assert before_loading.weights == (bench.model / "model.safetensors").stat().st_size


def test_a_host_that_is_full_is_told_of_by_a_typed_error(bench, tmp_path):
    """A real shortage: the process may not have more than a little beyond what it holds once its model is loaded."""
    long = [{**bench.examples[0], "prompt": "So Anna Reed left. " * 20_000}]
    long[0]["promptTokens"] = len(bench.base.tokenizer.raw.encode(long[0]["prompt"]).ids)
    data = tmp_path / "long.jsonl"
    data.write_text(json.dumps(long[0] | {"needles": [{"start": 3, "end": 7}], "answerSpans": []}) + "\n")
    job = tmp_path / "job.json"
    job.write_text(json.dumps(bench.job("evaluate", dataFile=str(data), maxNewTokens=1)))
    program = f"""
import io, json, resource
from needlework_trainer.runtime import prepare_environment
prepare_environment()
from needlework_trainer.protocol import Channel
from needlework_trainer.runtime import prepare_torch
from needlework_trainer.session import Session
prepare_torch()
lines = io.BytesIO()
session = Session(Channel(lines))
session._models.get(__import__('needlework_trainer.jobs', fromlist=['x']).parse_job(open({str(job)!r}).read()).model)
held = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + 2**28, held + 2**28))
session.handle(json.dumps({{"type": "run", "job": {str(job)!r}}}))
print(lines.getvalue().decode().splitlines()[-1])
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    error = json.loads(done.stdout.splitlines()[-1])["error"]
    assert error["type"] == "OutOfMemory" and not error["retryable"]
    assert f"a context of {long[0]['promptTokens']:,} tokens" in error["message"] and "on this machine with" in error["message"]
