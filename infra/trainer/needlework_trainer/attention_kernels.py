"""Which attention kernel trains: FlashAttention 2 where it can be used, else PyTorch's scaled dot-product attention."""

from __future__ import annotations

from collections.abc import Callable

import torch
from transformers import PreTrainedModel
from transformers.utils import is_flash_attn_2_available

from .errors import UnsupportedModel
from .layout import find_layout, layout_of

FLASH, SDPA = "flash_attention_2", "sdpa"


def kernel_for(device: torch.device, dtype: torch.dtype, installed: bool | None = None) -> str:
    """FlashAttention 2 takes CUDA tensors in half precision only. SDPA has a flash kernel of its own, for rows without padding."""
    installed = is_flash_attn_2_available() if installed is None else installed
    usable = installed and device.type == "cuda" and dtype in (torch.bfloat16, torch.float16)
    return FLASH if usable else SDPA


def use_best_kernel(model: PreTrainedModel, warn: Callable[[str], None]) -> str:
    """Make a bare model attend by the best kernel there is, and say which. The model's own implementation is SDPA already."""
    kernel = kernel_for(model.device, model.dtype)
    return kernel if kernel == SDPA else use_kernel(model, kernel, warn)


def use_kernel(model: PreTrainedModel, kernel: str, warn: Callable[[str], None]) -> str:
    """Make a bare model attend by `kernel`, if each layer then sees what it saw when the model was loaded; else by SDPA, with a warning."""
    own, expected = model.config._attn_implementation, layout_of(model)
    model.set_attn_implementation(kernel)
    try:
        found = find_layout(model, at_least=_beyond(expected))
        if found == expected:
            return kernel
        reason = f"found layers that see {[layer.window for layer in found]} positions, not {[layer.window for layer in expected]}"
    except UnsupportedModel as error:
        reason = str(error)
    model.set_attn_implementation(own)
    warn(f"attention kernel {kernel} is not used: {reason}")
    return SDPA


def _beyond(layers) -> int:
    """Positions enough to see a window in layers that are to have none."""
    return 2 + max((layer.window or 0 for layer in layers), default=0)
