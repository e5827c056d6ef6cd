"""One variant in a process of its own, so that each has its own peak memory; it keeps its model and runs when told to."""

from __future__ import annotations

import gc
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measured:
    """`seconds` by the clock and `cpu` of the process; `peak` memory (resident, or the GPU's where it is used), and `extra`, how
    much of it lies above what the process had after its first run (a small one: weights are mapped from disk and only then there).
    """

    seconds: float
    cpu: float
    peak: int
    extra: int
    value: Any


class Child:
    """`make(*arguments)` runs in the child and returns the function that `run` calls there. Use as a context."""

    def __init__(self, make: Callable[..., Callable[..., Any]], *arguments: Any):
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        self._pipe = ours
        self._process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, make, arguments), daemon=True)
        self._process.start()
        theirs.close()
        self._receive()

    def run(self, *arguments: Any) -> Measured:
        """Raises RuntimeError where the child died, as of too little memory."""
        self._pipe.send(arguments)
        return self._receive()

    def _receive(self) -> Any:
        try:
            return self._pipe.recv()
        except EOFError:
            self._process.join()
            raise RuntimeError(f"a benchmark process ended with status {self._process.exitcode} (negative: the signal that killed it)") from None

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_) -> None:
        self._pipe.close()
        self._process.join(timeout=10)
        if self._process.is_alive():
            self._process.kill()


def seconds_of(run: Measured, device: str) -> float:
    """The time that a run is measured by: the process's own on a CPU; on a GPU, whose work the CPU only waits for, by the clock."""
    return run.seconds if device == "cuda" else run.cpu


def _serve(pipe, make, arguments) -> None:
    from needlework_trainer.runtime import PeakMemory, prepare_environment

    prepare_environment()
    from needlework_trainer.runtime import prepare_torch

    prepare_torch()
    run = make(*arguments)
    loaded = None
    pipe.send("loaded")
    while True:
        try:
            wanted = pipe.recv()
        except EOFError:
            return
        gc.collect()
        peak, seconds, cpu = PeakMemory(), time.perf_counter(), time.process_time()
        value = run(*wanted)
        seconds, cpu, most = time.perf_counter() - seconds, time.process_time() - cpu, peak.bytes()
        gc.collect()
        loaded = _resident() if loaded is None else loaded
        pipe.send(Measured(seconds, cpu, most, most - loaded, value))


def _resident() -> int:
    import torch

    if torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda.memory_allocated()
    with open("/proc/self/status") as handle:
        return next(int(line.split()[1]) * 1024 for line in handle if line.startswith("VmRSS:"))


def available_memory(device: str) -> int:
    """Bytes that this machine, or its GPU, could still give."""
    if device == "cuda":
        import torch

        return torch.cuda.mem_get_info()[0]
    with open("/proc/meminfo") as handle:
        return next(int(line.split()[1]) * 1024 for line in handle if line.startswith("MemAvailable:"))
