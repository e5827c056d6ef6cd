"""DeepSpeed's ZeRO as an option of training (paper, appendix C.3: FlashAttention 2 and DeepSpeed on a single H100).

On one device stage 1 (optimizer states) and stage 2 (gradients too) have nothing to share out: they keep float32 copies of the
adapter's weights and step on these. Stage 3 would take apart the base model, which this process keeps for the next job.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from typing import Any

import torch

from .errors import BadJob, PackageMissing
from .jobs import TrainSpec
from .loss import summed_loss

_FIELD = "train.deepspeed"
_STAGES = {"zero-1": 1, "zero-2": 2}
# Where gloo and NCCL look for the others of a group: a container without network has no interface but this.
_INTERFACES = ("GLOO_SOCKET_IFNAME", "NCCL_SOCKET_IFNAME")
_SAFE_LOADING = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
# accelerate takes the last one for the wish of every later training.
_VARIABLES = (*_INTERFACES, "LOCAL_RANK", _SAFE_LOADING, "ACCELERATE_USE_DEEPSPEED")


def version_of(spec: TrainSpec) -> str | None:
    """The version of DeepSpeed that a spec trains with; None without it."""
    return None if spec.deepspeed == "off" else metadata.version("deepspeed")


def check_deepspeed(spec: TrainSpec, device: torch.device) -> None:
    """Raises `PackageMissing` where a spec asks for DeepSpeed and it is not installed, and `BadJob` for a device that it would not use."""
    if spec.deepspeed == "off":
        return
    if importlib.util.find_spec("deepspeed") is None:
        raise PackageMissing(
            f"{_FIELD}: found {spec.deepspeed!r} on a trainer without the package deepspeed; allowed here: 'off'. It is installed by the set-up with "
            "NEEDLEWORK_DEEPSPEED=1, and into an image by `npx needlework image -- --build-arg DEEPSPEED=1` (infra/trainer/requirements-deepspeed.lock)",
            field=_FIELD,
        )
    if device.type == "cpu" and torch.cuda.is_available():
        raise BadJob(f"{_FIELD}: found {spec.deepspeed!r} with model.device 'cpu' on a machine with a GPU, which DeepSpeed would take; allowed: model.device 'cuda', or train.deepspeed 'off'", field=_FIELD)


def engine_config(spec: TrainSpec, dtype: torch.dtype) -> dict[str, Any]:
    """DeepSpeed's own configuration; weights stay in the precision they have, as without it."""
    return {
        "train_micro_batch_size_per_gpu": spec.batch_size,
        "gradient_accumulation_steps": spec.accumulation_steps,
        "train_batch_size": spec.batch_size * spec.accumulation_steps,
        "gradient_clipping": spec.max_grad_norm,
        # Its own bfloat16 mode would round the adapter's weights.
        "torch_autocast": {"enabled": dtype == torch.bfloat16, "dtype": "bfloat16", "lower_precision_safe_modules": []},
        "zero_optimization": {"stage": _STAGES[spec.deepspeed], "overlap_comm": False, "contiguous_gradients": True},
        "steps_per_print": 2**31 - 1,
    }


@contextmanager
def alone(spec: TrainSpec, device: torch.device) -> Iterator[None]:
    """A group of this one process, in which DeepSpeed works; afterwards neither it nor anything that was set for it is left."""
    if spec.deepspeed == "off":
        yield
        return
    import deepspeed
    import torch.distributed as dist
    from accelerate.state import AcceleratorState
    from deepspeed.runtime.fp16.loss_scaler import LossScaler
    from deepspeed.runtime.zero.config import ZeroStageEnum
    from deepspeed.utils.tensor_fragment import fragment_address

    # Memory that processes share: there is one process, and DeepSpeed would compile C++ for it.
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update({**dict.fromkeys(_INTERFACES, "lo"), "LOCAL_RANK": "0", _SAFE_LOADING: "1"})
    dist.init_process_group("gloo" if device.type == "cpu" else "nccl", store=dist.HashStore(), rank=0, world_size=1)
    try:
        # Its checkpoints are pickles: of tensors and these, and of nothing else.
        with torch.serialization.safe_globals([LossScaler, ZeroStageEnum, fragment_address]):
            yield
    finally:
        deepspeed.comm.destroy_process_group()
        deepspeed.comm.comm.cdb = None
        AcceleratorState._reset_state(True)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def engine_loss(engine, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """`summed_loss` as the output of the engine's forward pass: what it watches, to be ready when the gradient comes back through it."""
    module = engine.module
    before = module.__dict__.get("forward")

    def restore() -> None:
        module.__dict__.pop("forward", None)
        if before is not None:
            module.forward = before

    def forward(**inputs) -> torch.Tensor:
        restore()
        return summed_loss(module, inputs)

    module.forward = forward
    try:
        return engine(**batch)
    finally:
        restore()
