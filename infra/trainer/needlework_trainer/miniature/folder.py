"""The model folder as transformers reads it, and its checksum."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from safetensors.torch import save_file

from .config import Network, PretrainingConfig, Unseen
from .network import TinyModel
from .tokenizer import save_tokenizer
from .vocabulary import Vocabulary


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_model_folder(model: TinyModel, vocabulary: Vocabulary, folder: Path) -> str:
    """
    Writes config.json, model.safetensors, tokenizer.json and tokenizer_config.json; returns the SHA-256 of the weights.
    The tied output matrix is the embedding and is stored once.
    """
    config = {"architectures": [type(model).__name__], **model.config.to_diff_dict(), "dtype": "float32"}
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", "utf-8")
    weights = {name: parameter.detach().contiguous() for name, parameter in model.named_parameters()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    save_tokenizer(vocabulary, folder, model.config.max_position_embeddings)
    return sha256_of(folder / "model.safetensors")


def write_origin(config: PretrainingConfig, folder: Path) -> None:
    """Writes origin.json: what a report must say of how the base came to be, in sentences."""
    rows = [length for stage in config.stages for length in stage.lengths]
    origin = {
        "origin": f"Pretrained {'from scratch' if config.startFrom is None else 'in two runs'} by `npm run miniature:pretrain` on "
        f"generated rows of at most {max(rows)} tokens about the project's own mini-world; {_wordings(config.unseen)}, though none of the people and organisations they ask about, occur there.",
        "seededInduction": _seeded(config.network),
    }
    (folder / "origin.json").write_text(json.dumps(origin, indent=2) + "\n", "utf-8")


def _wordings(unseen: Unseen) -> str:
    if unseen.facts == 0 and unseen.questions == 0:
        return "all wordings of the tasks"
    return f"all wordings of the tasks but {unseen.facts} of each fact's real ones and {unseen.questions} of each question's"


def _seeded(network: Network) -> str | None:
    """What was set by hand, and what is therefore no finding; None where nothing was."""
    if network.seededHeads is None:
        return None
    layers = network.seededHeads.matchingLayers
    if layers == list(range(1, network.layers)):
        return (
            "An induction circuit was set by hand before pretraining: previous-token heads in layer 0, and in all other layers alike "
            "heads that begin near matching. That there are matching heads is therefore our choice; which layers and heads "
            "retrieve after training, and what they do, is measured."
        )
    named = f"layer {layers[0]}" if len(layers) == 1 else f"layers {', '.join(map(str, layers[:-1]))} and {layers[-1]}"
    return (
        f"An induction circuit was set by hand before pretraining: previous-token heads in layer 0 and matching heads in {named}. "
        "Which layer holds the retrieval heads is therefore our choice; what they do after training is measured."
    )
