"""LoRA adapters: put on a base, taken off it without a trace, and written to files that hold no path or time."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from peft import LoraConfig, PeftModel, get_peft_model_state_dict, set_peft_model_state_dict

from .adapter_fit import check_fit
from .errors import AdapterMismatch, BadJob
from .jobs import TrainSpec
from .layout import layout_of
from .models import Base
from .outputs import write_json, write_tensors

WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"


def lora_config(base: Base, spec: TrainSpec) -> LoraConfig:
    """The adapter a spec asks for on this base. Raises `BadJob` where the base has no such projections."""
    targets = lora_targets(base.model, spec.target_modules)
    if not targets:
        raise BadJob(f"train.targetModules: found {spec.target_modules!r}, but the model has no such linear layers; allowed: 'attention' or 'all'", field="train.targetModules")
    return LoraConfig(
        r=spec.lora_rank,
        lora_alpha=spec.lora_alpha,
        lora_dropout=0.0,
        target_modules=targets,
        target_parameters=lora_parameters(base.model, spec.target_modules) or None,
        bias="none",
        task_type="CAUSAL_LM",
    )


def lora_targets(model: torch.nn.Module, which: str) -> list[str]:
    """Linear layers that are adapted: those of the attention modules, or of everything that surrounds them in a decoder layer.

    By the last part of their names (`q_proj`, `k_proj`, `v_proj`, `o_proj` in most families) where these mean nothing else in
    the model, else by their whole names.
    """
    inside = _adapted_parts(model, which)
    linear = [name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)]
    names = [name for name in linear if any(name.startswith(f"{outer}.") for outer in inside)]
    short = sorted({name.rpartition(".")[2] for name in names})
    meant = [name for name, _ in model.named_modules() if name.rpartition(".")[2] in short]
    return short if set(meant) == set(names) else names


def lora_parameters(model: torch.nn.Module, which: str) -> list[str]:
    """Matrices there that are no linear layer's but parameters of something else, by their whole names: weights of experts, all of a layer's in one, and of the router that chooses among them."""
    inside = _adapted_parts(model, which)
    found = []
    for name, module in model.named_modules():
        if isinstance(module, (torch.nn.Linear, torch.nn.Embedding)) or not any(f"{name}.".startswith(f"{outer}.") for outer in inside):
            continue
        found += [f"{name}.{own}" for own, weight in module.named_parameters(recurse=False) if weight.ndim in (2, 3)]
    return found


def _adapted_parts(model: torch.nn.Module, which: str) -> list[str]:
    layers = [layer.module for layer in layout_of(model)]
    return layers if which == "attention" else [name.rpartition(".")[0] for name in layers]


@contextmanager
def attached(base: Base, adapter_dir: str | None) -> Iterator[torch.nn.Module]:
    """The base with an adapter on it (or bare, where None), for the length of the block."""
    if adapter_dir is None:
        yield base.model
        return
    with attached_together(base, {"default": ("adapterDir", adapter_dir)}) as model:
        yield model


@contextmanager
def attached_together(base: Base, folders: Mapping[str, tuple[str, str]]) -> Iterator[PeftModel]:
    """The base with several adapters on it, for the length of the block; the first is active until `activate`.

    `folders`: by name of the adapter, the job's field that names its folder, and the folder.
    """
    for field, adapter_dir in folders.values():
        for name in (WEIGHTS, CONFIG):
            if not (Path(adapter_dir) / name).is_file():
                raise AdapterMismatch(f"{field}: found no {name} in {adapter_dir}", field=field)
    with restored(base):
        # While the base is bare: with an adapter on it, its layers have other names.
        configs = {name: _fitting_config(base, adapter_dir, field) for name, (field, adapter_dir) in folders.items()}
        model = None
        for name, (field, adapter_dir) in folders.items():
            model = _put_on(base, model, name, adapter_dir, configs[name], field)
        yield model.eval()


def activate(model: PeftModel, name: str) -> None:
    """Have the adapter of this name work, and no other."""
    model.set_adapter(name, inference_mode=True)


@contextmanager
def restored(base: Base) -> Iterator[None]:
    """Afterwards the base is as it was before: no adapter layers, no patched forward, no gradients, config untouched."""
    model = base.model
    config, attributes = copy.deepcopy(model.config.__dict__), dict(model.__dict__)
    hooks = [(table, set(table)) for m in model.modules() for table in (m._forward_hooks, m._forward_pre_hooks)]
    parts = [(part, set(part.__dict__)) for part in model.modules() if part is not model]
    try:
        yield
    finally:
        _take_off_adapters(model)
        model.activation_checkpointing_disable()
        # PEFT and TRL both make the embeddings ask for gradients, and transformers remembers only the last hook.
        for table, before in hooks:
            for key in set(table) - before:
                del table[key]
        # transformers marks a decoder that it has put hooks on, and would miss them.
        for part, before in parts:
            for name in part.__dict__.keys() - before:
                del part.__dict__[name]
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
    save_weights(model, folder)
    config = model.peft_config["default"].to_dict()
    config["base_model_name_or_path"] = _name(base)
    config["inference_mode"] = True
    write_json(folder / CONFIG, {key: sorted(value) if isinstance(value, set) else value for key, value in config.items()})


def save_weights(model: PeftModel, folder: Path) -> None:
    """Write the weights alone."""
    write_tensors(folder / WEIGHTS, get_peft_model_state_dict(model, save_embedding_layers=False))


def load_weights(model: PeftModel, folder: Path) -> None:
    """Give an adapter that is being trained the weights that `save_weights` wrote."""
    set_peft_model_state_dict(model, load_file(folder / WEIGHTS))


def _fitting_config(base: Base, folder: str, field: str) -> LoraConfig:
    """The config of an adapter that was made for this (bare) base. Raises `AdapterMismatch`."""
    with _mismatches(field):
        config = LoraConfig.from_pretrained(folder)
        _check_base(base, config.base_model_name_or_path, field)
        check_fit(base.model, Path(folder) / WEIGHTS)
        # The neutral name must not send PEFT looking for a model of that name.
        config.base_model_name_or_path = None
        return config


def _put_on(base: Base, model: PeftModel | None, name: str, folder: str, config: LoraConfig, field: str) -> PeftModel:
    """One more adapter on the base; `model` is None before the first. Raises `AdapterMismatch`."""
    with _mismatches(field):
        if model is None:
            return PeftModel.from_pretrained(base.model, folder, adapter_name=name, config=config, is_trainable=False)
        config.inference_mode = True
        model.add_adapter(name, config)
        model.load_adapter(folder, name, is_trainable=False)
        return model


@contextmanager
def _mismatches(field: str) -> Iterator[None]:
    """What goes wrong inside the block is the adapter's fault, save for memory."""
    try:
        yield
    except (RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        if isinstance(error, torch.cuda.OutOfMemoryError) or "CUDA" in str(error) or "allocate memory" in str(error):
            raise
        raise AdapterMismatch(f"{field}: found an adapter that does not fit this base: {error}", field=field)


def _name(base: Base) -> str:
    return f"needlework-base-{base.fingerprint[:16]}"


def _check_base(base: Base, found: str | None, field: str) -> None:
    """Adapters of other tools name their base differently; only a name of ours can contradict."""
    if found and found.startswith("needlework-base-") and found != _name(base):
        raise AdapterMismatch(f"{field}: found an adapter trained on {found}; allowed on this base: {_name(base)}", field=field)


def _take_off_adapters(model: torch.nn.Module) -> None:
    """Put every wrapped module back in place, also after an adapter that failed half-way."""
    for name, module in list(model.named_modules()):
        parent, _, own = name.rpartition(".")
        inner = module
        # Several parameters of one module are wrapped one around the other.
        while isinstance(getattr(inner, "base_layer", None), torch.nn.Module):
            inner = inner.base_layer
        if inner is not module and own != "base_layer":
            setattr(model.get_submodule(parent), own, inner)
    if hasattr(model, "peft_config"):
        del model.peft_config
