"""Process-wide settings that make results repeatable: offline, fixed threads, fixed kernels."""

from __future__ import annotations

import gc
import os
import platform
import sys
from importlib import metadata
from typing import Any

_REPORTED = ("torch", "transformers", "trl", "peft", "accelerate", "tokenizers", "safetensors", "pydantic")
_THIS_MACHINE = ("", "localhost", "127.0.0.1", "::1")
THREADS_VARIABLE = "NEEDLEWORK_TRAINER_THREADS"


def threads() -> int:
    """CPU threads of the trainer, 1 unless the environment says otherwise.

    Sums are added up in another order with another number of threads, so the number is fixed rather than
    taken from the machine: the same job must give the same bytes everywhere.
    """
    text = os.environ.get(THREADS_VARIABLE, "1")
    if not text.isdigit() or int(text) < 1:
        sys.exit(f"{THREADS_VARIABLE}: found {text!r}; allowed: an integer of at least 1")
    return int(text)


def prepare_environment() -> None:
    """Set what libraries read when they are imported; call before importing torch or transformers."""
    os.environ.update(
        HF_HUB_OFFLINE="1",
        TRANSFORMERS_OFFLINE="1",
        HF_DATASETS_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_HUB_DISABLE_PROGRESS_BARS="1",
        TOKENIZERS_PARALLELISM="false",
        TRANSFORMERS_VERBOSITY="error",
        TRL_EXPERIMENTAL_SILENCE="1",
        OMP_NUM_THREADS=str(threads()),
        MKL_NUM_THREADS=str(threads()),
    )
    # Needed for repeatable matrix products on CUDA; must be set before its first use.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")


def refuse_network() -> None:
    """Let no Python code of this process open a connection to another machine, whatever a library may want to fetch."""

    def audit(event: str, arguments: tuple) -> None:
        if event not in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
            return
        target = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        host = target[0] if isinstance(target, tuple) else target
        # A path is a socket of this machine.
        local = host is None or (isinstance(host, (str, bytes)) and str(host) in _THIS_MACHINE) or event != "socket.getaddrinfo" and not isinstance(target, tuple)
        if not local:
            raise PermissionError(f"the trainer has no network: found a connection to {host!r}; allowed: this machine")

    sys.addaudithook(audit)


def prepare_torch() -> None:
    """Fix threads and quieten the libraries; call once, after the imports."""
    import torch
    from transformers.utils import logging

    torch.set_num_threads(threads())
    if torch.cuda.is_available():
        # Kernels that add up in whatever order would make an adapter differ from one run to the next.
        torch.use_deterministic_algorithms(True, warn_only=True)
        # That also writes over all fresh memory, so that its use would show; at 32K tokens, gigabytes at every step.
        torch.utils.deterministic.fill_uninitialized_memory = False
    logging.disable_progress_bar()


def versions() -> dict[str, str]:
    """Versions of everything that can change a result."""
    found = {"python": platform.python_version()}
    for name in _REPORTED:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def device_report() -> dict[str, Any]:
    """The best device here: `{name, kind, threads, memoryBytes, bfloat16}`, on CUDA also `{count, capability, cuda}`.

    `memoryBytes` is the device's own, or the machine's; `bfloat16` says whether the device computes in it.
    """
    import torch

    if torch.cuda.is_available():
        major, minor = torch.cuda.get_device_capability(0)
        return {
            "name": torch.cuda.get_device_name(0),
            "kind": "cuda",
            "threads": threads(),
            "memoryBytes": torch.cuda.get_device_properties(0).total_memory,
            "bfloat16": torch.cuda.is_bf16_supported(including_emulation=False),
            "count": torch.cuda.device_count(),
            "capability": f"{major}.{minor}",
            "cuda": torch.version.cuda,
        }
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {"name": _processor(), "kind": "cpu", "threads": threads(), "memoryBytes": memory, "bfloat16": True}


def _processor() -> str:
    """The processor's own name where the system tells it, as Linux does on most machines; else its architecture."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as handle:
            names = [line.partition(":")[2].strip() for line in handle if line.startswith("model name")]
    except OSError:
        names = []
    return next(filter(None, names), None) or platform.processor() or platform.machine()


def describe_device(report: dict[str, Any]) -> str:
    """The device in words, for the log of whoever started the process."""
    size = f"{report['memoryBytes'] / 2**30:.0f} GiB"
    half = "bfloat16" if report["bfloat16"] else "no bfloat16"
    if report["kind"] == "cuda":
        return f"device: {report['name']} (1 of {report['count']} used), {size}, compute capability {report['capability']}, CUDA {report['cuda']}, {half}"
    return f"device: CPU ({report['name']}), {size}, threads used: {report['threads']}, {half}"


def release_memory() -> None:
    """Give back device memory that nothing uses any more: what a job left in circles of references (its trainer, a failed pass), and what the allocator keeps."""
    import torch

    if torch.cuda.is_available() and torch.cuda.is_initialized():
        gc.collect()
        torch.cuda.empty_cache()


class PeakMemory:
    """Peak memory of one job in bytes: device memory on CUDA, resident memory of the process on CPU."""

    def __init__(self) -> None:
        import torch

        self._cuda = torch.cuda.is_available() and torch.cuda.is_initialized()
        if self._cuda:
            torch.cuda.reset_peak_memory_stats()
        try:
            with open("/proc/self/clear_refs", "w") as handle:
                handle.write("5")  # resets the high-water mark that `bytes` reads
        except OSError:
            pass

    def bytes(self) -> int:
        return peak_memory_bytes()


def peak_memory_bytes() -> int:
    """Peak memory since the last `PeakMemory` was made, in bytes."""
    import torch

    if torch.cuda.is_available() and torch.cuda.is_initialized():
        return torch.cuda.max_memory_allocated()
    try:
        with open("/proc/self/status") as handle:
            for line in handle:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
