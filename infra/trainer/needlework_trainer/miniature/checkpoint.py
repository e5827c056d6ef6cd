"""Saving and resuming a pretraining run: weights and optimiser state as safetensors, nothing pickled."""

from __future__ import annotations

import os
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file


def save_checkpoint(path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, step: int) -> None:
    """Writes the state after `step` steps; a stop while writing leaves the earlier file whole."""
    tensors = {}
    for name, parameter in model.named_parameters():
        tensors[f"weight/{name}"] = parameter.detach()
        for key, value in optimizer.state[parameter].items():
            tensors[f"{key}/{name}"] = torch.as_tensor(value)
    unfinished = path.with_suffix(".partial")
    save_file(tensors, unfinished, metadata={"step": str(step)})
    os.replace(unfinished, path)


def load_checkpoint(path: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Restores weights and optimiser state in place; returns the number of steps already taken."""
    with safe_open(path, "pt") as file:
        names = list(file.keys())
        for name, parameter in model.named_parameters():
            with torch.no_grad():
                parameter.copy_(file.get_tensor(f"weight/{name}"))
            keys = [key.removesuffix(f"/{name}") for key in names if key.endswith(f"/{name}") and not key.startswith("weight/")]
            optimizer.state[parameter] = {key: file.get_tensor(f"{key}/{name}") for key in keys}
        return int(file.metadata()["step"])
