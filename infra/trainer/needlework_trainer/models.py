"""Loading base models: from a local folder, safetensors only, RoPE theta and sliding window set at load and checked afterwards."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from . import attention_rows
from .errors import BadJob, ModelMissing
from .jobs import ModelRef
from .layout import claimed_window, remember_layout
from .positions import positions_of
from .rope import check_rope_theta, set_rope_theta
from .tokens import ModelTokenizer
from .windows import check_sliding_window, set_sliding_window


@dataclass(frozen=True)
class Base:
    """A loaded base model. `fingerprint` identifies its weights, whatever folder they came from; `positions`: how many it has embeddings for, None where there is no end."""

    model: PreTrainedModel
    tokenizer: ModelTokenizer
    fingerprint: str
    positions: int | None

    @property
    def device(self) -> torch.device:
        return self.model.device


class ModelCache:
    """Keeps the last base loaded, so that a sweep pays for loading it once per process."""

    def __init__(self) -> None:
        self._key: tuple | None = None
        self._base: Base | None = None

    def get(self, ref: ModelRef) -> tuple[Base, bool]:
        """The base a job asks for, and whether it had to be loaded (rather than being there already)."""
        window = (ref.sets_sliding_window, ref.sliding_window)
        key = (ref.path, ref.rope_theta, window, ref.dtype, device_for(ref.device, "model.device"), _state_of_files(Path(ref.path)))
        if self._base is not None and key == self._key:
            return self._base, False
        self.drop()
        self._base, self._key = load_base(ref), key
        return self._base, True

    def drop(self) -> None:
        """Forget the base; the next job loads it afresh."""
        self._base = self._key = None
        if torch.cuda.is_available():
            torch.cuda.empty_cache()


def load_base(ref: ModelRef) -> Base:
    """Load a model folder, with RoPE theta and sliding window as the job says, and check them on the loaded model.

    Raises `ModelMissing` for what the folder lacks, `BadJob` for what cannot be had of this model or this machine, and
    `UnsupportedModel` for a family whose heads cannot be told apart.
    """
    folder = Path(ref.path)
    device = device_for(ref.device, "model.device")
    _check_files(folder)
    tokenizer = ModelTokenizer.load(folder)
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        own_window = claimed_window(config)
        set_rope_theta(config, ref.rope_theta)
        if ref.sets_sliding_window:
            set_sliding_window(config, ref.sliding_window)
        model, report = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=getattr(torch, ref.dtype),
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            attn_implementation=attention_rows.NAME,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        if "allocate memory" in str(error) or isinstance(error, torch.cuda.OutOfMemoryError):
            raise
        raise ModelMissing(f"model.path: found a folder that cannot be loaded: {error}", field="model.path")
    # transformers only warns about these and fills in random weights.
    for problem in ("missing_keys", "mismatched_keys"):
        if names := sorted(map(str, report[problem])):
            raise ModelMissing(f"model.path: the weights do not fit config.json ({problem}: {', '.join(names[:3])})", field="model.path")
    if ref.rope_theta is not None:
        check_rope_theta(model, ref.rope_theta)
    model.requires_grad_(False)
    model.eval().to(device)
    # A window that was taken away must be gone: layers are looked at beyond its length.
    layers = remember_layout(model, at_least=2 + (own_window or 0))
    if ref.sets_sliding_window:
        check_sliding_window(layers, ref.sliding_window)
    return Base(model, tokenizer, fingerprint(model), positions_of(model))


def fingerprint(model: PreTrainedModel) -> str:
    """SHA-256 over names, shapes and a few values of the weights: cheap, and the same for every folder, dtype and theta."""
    digest = hashlib.sha256()
    for name, weight in sorted(model.named_parameters()):
        first = weight.detach().flatten()[:64].to("cpu", torch.bfloat16).view(torch.int16)
        digest.update(f"{name}{tuple(weight.shape)}".encode() + first.numpy().tobytes())
    return digest.hexdigest()


def device_for(asked: str, field: str) -> str:
    """The device that a job's field asks for: `cpu` or `cuda`. Raises `BadJob` for one that is not there."""
    present = torch.cuda.is_available()
    if asked == "cuda" and not present:
        raise BadJob(f"{field}: found 'cuda' on a machine without a usable GPU; allowed here: 'cpu', 'auto'", field=field)
    return "cuda" if present and asked != "cpu" else "cpu"


def _check_files(folder: Path) -> None:
    def refuse(lacking: str) -> ModelMissing:
        return ModelMissing(f"model.path: found no {lacking} in {folder}; allowed: a folder with config.json, safetensors weights and tokenizer.json", field="model.path")

    if not folder.is_dir():
        raise ModelMissing(f"model.path: found no folder at {folder}", field="model.path")
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise refuse(name)
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            shards = sorted(set(json.loads(index.read_text())["weight_map"].values()))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelMissing(f"model.path: found {index.name} without a readable weight_map ({error}) in {folder}", field="model.path")
        for shard in shards:
            if not (folder / shard).is_file():
                raise refuse(shard)
    elif not (folder / "model.safetensors").is_file():
        raise refuse("model.safetensors")


def _state_of_files(folder: Path) -> tuple:
    """Sizes and times, so that a folder whose content was replaced is loaded again."""
    if not folder.is_dir():
        return ()
    files = sorted(f for f in folder.iterdir() if f.suffix in (".json", ".safetensors"))
    return tuple((f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files)
