"""What to say when memory ran out: what was asked for, what there is, and what would fit, as far as that can be known."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass

import torch

from .errors import OutOfMemory
from .jobs import AnyJob, TrainJob
from .models import Base
from .runtime import peak_memory_bytes

_UNITS = {"bytes": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_OTHER_WORDS = ("allocate memory", "CUDA error: out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
_ASKED = re.compile(r"ried to allocate (\d+(?:\.\d+)?) (bytes|[KMGT]iB)")


@dataclass(frozen=True)
class Demand:
    """What a job asked of a device's memory. Sizes in bytes; None where not known.

    `tokens`: of the longest prompt; `used`: at most at the same time, weights included; `refused`: the allocation that failed.
    """

    device: str
    total: int | None
    weights: int | None
    used: int | None
    refused: int | None
    tokens: int | None
    batch: int
    dtype: str | None

    @property
    def fitting_tokens(self) -> int | None:
        """Length of context that would fit, if what is used beyond the weights grows with it: a guide, from what was used so far."""
        if None in (self.total, self.weights, self.used, self.refused, self.tokens):
            return None
        room, wanted = self.total - self.weights, max(self.used, self.weights) + self.refused - self.weights
        if room <= 0 or wanted <= room:
            return None
        return self.tokens * room // wanted


def ran_out(error: BaseException) -> bool:
    """Whether an error says that a device's or the host's memory is full."""
    # torch reports a GPU that its allocator finds full by its own class; the driver's and cuBLAS's word, and a full host, as a RuntimeError.
    said = isinstance(error, RuntimeError) and any(words in str(error) for words in _OTHER_WORDS)
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or said


def out_of_memory(error: BaseException, job: AnyJob, base: Base | None) -> OutOfMemory:
    """The typed error of a job that ran out of memory; `base` is None where its model was not loaded yet."""
    return OutOfMemory(explain(str(error), demand_of(str(error), job, base)))


def explain(text: str, demand: Demand) -> str:
    """A message: the library's own first sentence, what was asked for, what there is, and what would need less."""
    sentence = text.strip().split("\n")[0].split(". GPU")[0].rstrip(".")
    asked = [f"a context of {demand.tokens:,} tokens"] if demand.tokens is not None else []
    asked += [f"batches of {demand.batch}"] if demand.batch > 1 else []
    asked += [f"weights of {_size(demand.weights)}"] if demand.weights is not None else []
    asked += [f"{demand.dtype}"] if demand.dtype is not None else []
    there = f" on {demand.device}" + (f" with {_size(demand.total)}" if demand.total is not None else "")
    used = f", of which {_size(demand.used)} were in use and {_size(demand.refused)} more were asked for" if demand.used is not None and demand.refused is not None else ""
    found = f"found {', '.join(asked)}{there}{used}" if asked else f"found too little memory{there}{used}"
    return f"{sentence}: {found}; allowed: {_remedy(demand)}"


def _remedy(demand: Demand) -> str:
    fitting = demand.fitting_tokens
    if demand.weights is not None and demand.total is not None and demand.weights >= demand.total:
        return "a device that holds the weights" + (", or dtype bfloat16, which halves them" if demand.dtype == "float32" else "")
    remedies = [f"a context of about {fitting:,} tokens" if fitting is not None else "a shorter context"]
    remedies += ["batchSize 1"] if demand.batch > 1 else []
    remedies += ["dtype bfloat16"] if demand.dtype == "float32" else []
    return f"{' or '.join(remedies)}, or a device with more memory"


def demand_of(text: str, job: AnyJob, base: Base | None) -> Demand:
    """What a job asked for, from itself, its data, the device, and the text of the error."""
    model = getattr(job, "model", None)
    on_gpu = "CUDA" in text or (base is not None and base.device.type == "cuda")
    asked = _ASKED.search(text)
    return Demand(
        device=torch.cuda.get_device_name(0) if on_gpu and torch.cuda.is_available() else "a GPU" if on_gpu else "this machine",
        total=_total(on_gpu),
        weights=sum(p.numel() * p.itemsize for p in base.model.parameters()) if base is not None else _weights_on_disk(model),
        used=peak_memory_bytes() if torch.cuda.is_available() == on_gpu else None,
        refused=int(float(asked[1]) * _UNITS[asked[2]]) if asked else None,
        tokens=_longest(job.train_file if isinstance(job, TrainJob) else getattr(job, "data_file", None)),
        batch=job.train.batch_size if isinstance(job, TrainJob) else 1,
        dtype=model.dtype if model is not None else None,
    )


def _total(on_gpu: bool) -> int | None:
    if on_gpu:
        return torch.cuda.mem_get_info()[1] if torch.cuda.is_available() else None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _weights_on_disk(model) -> int | None:
    """Bytes of the weights as they lie in the folder; loaded in another precision they take another number."""
    try:
        return sum(entry.stat().st_size for entry in os.scandir(model.path) if entry.name.endswith(".safetensors")) or None
    except (AttributeError, OSError):
        return None


def _longest(path: str | None) -> int | None:
    """Tokens of the longest prompt of a data file; None where it says nothing of them."""
    try:
        with open(path, encoding="utf-8") as handle:
            return max(json.loads(line)["promptTokens"] for line in handle if line.strip())
    except (OSError, TypeError, ValueError, KeyError):
        return None


def _size(size: int) -> str:
    unit = next((name for name in ("TiB", "GiB", "MiB", "KiB") if size >= _UNITS[name]), "bytes")
    return f"{size / _UNITS[unit]:.1f} {unit}" if unit != "bytes" else f"{size} bytes"
