"""The model folder as transformers reads it, and its checksum."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from safetensors.torch import save_file
from transformers import LlamaForCausalLM

from .config import PretrainingConfig
from .tokenizer import save_tokenizer
from .vocabulary import Vocabulary


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_model_folder(model: LlamaForCausalLM, vocabulary: Vocabulary, folder: Path) -> str:
    """
    Writes config.json, model.safetensors, tokenizer.json and tokenizer_config.json; returns the SHA-256 of the weights.
    The tied output matrix is the embedding and is stored once.
    """
    config = {"architectures": ["LlamaForCausalLM"], **model.config.to_diff_dict(), "dtype": "float32"}
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
    weights = {name: parameter.detach().contiguous() for name, parameter in model.named_parameters()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    save_tokenizer(vocabulary, folder, model.config.max_position_embeddings)
    return sha256_of(folder / "model.safetensors")


def write_origin(config: PretrainingConfig, folder: Path) -> None:
    """Writes origin.json: what a report must say of how the base came to be, in sentences."""
    rows = [length for stage in config.stages for length in stage.lengths]
    seeded = config.network.seededHeads
    origin = {
        "origin": f"Pretrained from scratch by `npm run miniature:pretrain` on generated rows of at most {max(rows)} tokens about "
        "the project's own mini-world; all wordings of the tasks, though none of the people and organisations they ask about, occur there.",
        "seededInduction": None
        if seeded is None
        else "An induction circuit was set by hand before pretraining: previous-token heads in layer 0 and matching heads in "
        f"layer{'s' if len(seeded.matchingLayers) > 1 else ''} {' and '.join(map(str, seeded.matchingLayers))}. Which layer "
        "holds the retrieval heads is therefore our choice; what they do after training is measured.",
    }
    (folder / "origin.json").write_text(json.dumps(origin, indent=2) + "\n", "utf-8")
