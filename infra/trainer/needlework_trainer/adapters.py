"""LoRA adapters: put on a base, taken off it without a trace, and written to files that hold no path or time."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from peft import LoraConfig, PeftModel, get_peft_model_state_dict

from .errors import AdapterMismatch, BadJob
from .jobs import TrainSpec
from .models import Base
from .outputs import write_json, write_tensors

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"

_ATTENTION = ("q_proj", "k_proj", "v_proj", "o_proj")
_FEED_FORWARD = ("gate_proj", "up_proj", "down_proj")
TARGETS = {"attention": _ATTENTION, "all": _ATTENTION + _FEED_FORWARD}


def lora_config(base: Base, spec: TrainSpec) -> LoraConfig:
    """The adapter a spec asks for on this base. Raises `BadJob` where the base lacks a named projection."""
    targets = TARGETS[spec.target_modules]
    present = {name.rpartition(".")[2] for name, _ in base.model.named_modules()}
    if lacking := [name for name in targets if name not in present]:
        raise BadJob(f"train.targetModules: found {spec.target_modules!r}, but the model has no {', '.join(lacking)}", field="train.targetModules")
    return LoraConfig(
        r=spec.lora_rank,
        lora_alpha=spec.lora_alpha,
        lora_dropout=0.0,
        target_modules=list(targets),
        bias="none",
        task_type="CAUSAL_LM",
    )


@contextmanager
def attached(base: Base, adapter_dir: str | None) -> Iterator[torch.nn.Module]:
    """The base with an adapter on it (or bare, where None), for the length of the block."""
    if adapter_dir is None:
        yield base.model
        return
    folder = Path(adapter_dir)
    for name in (WEIGHTS, CONFIG):
        if not (folder / name).is_file():
            raise AdapterMismatch(f"adapterDir: found no {name} in {folder}", field="adapterDir")
    with restored(base):
        try:
            config = LoraConfig.from_pretrained(str(folder))
            _check_base(base, config.base_model_name_or_path)
            # The neutral name must not send PEFT looking for a model of that name.
            config.base_model_name_or_path = None
            model = PeftModel.from_pretrained(base.model, str(folder), config=config, is_trainable=False)
        except (RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
            if isinstance(error, torch.cuda.OutOfMemoryError) or "CUDA" in str(error) or "allocate memory" in str(error):
                raise
            raise AdapterMismatch(f"adapterDir: found an adapter that does not fit this base: {error}", field="adapterDir")
        yield model.eval()


@contextmanager
def restored(base: Base) -> Iterator[None]:
    """Afterwards the base is as it was before: no adapter layers, no patched forward, no gradients, config untouched."""
    model = base.model
    config, attributes = copy.deepcopy(model.config.__dict__), dict(model.__dict__)
    hooks = [(table, set(table)) for m in model.modules() for table in (m._forward_hooks, m._forward_pre_hooks)]
    try:
        yield
    finally:
        _take_off_adapters(model)
        model.activation_checkpointing_disable()
        # PEFT and TRL both make the embeddings ask for gradients, and transformers remembers only the last hook.
        for table, before in hooks:
            for key in set(table) - before:
                del table[key]
        # TRL replaces the model's forward by one of its own; PEFT, TRL and transformers leave flags and tags.
        for name in model.__dict__.keys() - attributes.keys():
            del model.__dict__[name]
        model.__dict__.update(attributes)
        model.config.__dict__.clear()
        model.config.__dict__.update(config)
        model.requires_grad_(False)
        for weight in model.parameters():
            weight.grad = None
        model.eval()


def save_adapter(model: PeftModel, base: Base, folder: Path) -> None:
    """Write weights and config; the base is named by the fingerprint of its weights, not by a path."""
    write_tensors(folder / WEIGHTS, get_peft_model_state_dict(model, save_embedding_layers=False))
    config = model.peft_config["default"].to_dict()
    config["base_model_name_or_path"] = _name(base)
    config["inference_mode"] = True
    write_json(folder / CONFIG, {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()})


def _name(base: Base) -> str:
    return f"needlework-base-{base.fingerprint[:16]}"


def _check_base(base: Base, found: str | None) -> None:
    """Adapters of other tools name their base differently; only a name of ours can contradict."""
    if found and found.startswith("needlework-base-") and found != _name(base):
        raise AdapterMismatch(f"adapterDir: found an adapter trained on {found}; allowed on this base: {_name(base)}", field="adapterDir")


def _take_off_adapters(model: torch.nn.Module) -> None:
    """Put every wrapped module back in place, also after an adapter that failed half-way."""
    for name, module in list(model.named_modules()):
        inner = getattr(module, "base_layer", None)
        if isinstance(inner, torch.nn.Module):
            parent = model.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], inner)
    if hasattr(model, "peft_config"):
        del model.peft_config
