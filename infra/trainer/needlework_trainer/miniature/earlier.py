"""Going on from an earlier base, whose vocabulary may have been a smaller one."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file

from .network import TinyModel
from .vocabulary import Vocabulary

EMBEDDINGS = "model.embed_tokens.weight"


@torch.no_grad()
def start_from(folder: Path, model: TinyModel, vocabulary: Vocabulary) -> list[str]:
    """
    Copies the weights of the base in `folder` (model.safetensors, tokenizer.json). Words keep their embeddings, whatever their
    ids; new ones keep those they were drawn with, and are returned. Raises ValueError where the base has another shape.
    """
    weights = load_file(folder / "model.safetensors")
    earlier = json.loads((folder / "tokenizer.json").read_text("utf-8"))["model"]["vocab"]
    for name, parameter in model.named_parameters():
        found = weights.get(name)
        same = found is not None and (found.shape == parameter.shape or name == EMBEDDINGS and found.shape[1:] == parameter.shape[1:])
        if not same:
            raise ValueError(f"startFrom: found {name} of {None if found is None else list(found.shape)} in {folder}, allowed: {list(parameter.shape)}")
        if name != EMBEDDINGS:
            parameter.copy_(found)
    known = [token for token in vocabulary.tokens if token in earlier]
    embeddings = model.model.embed_tokens.weight
    embeddings[[vocabulary.ids[token] for token in known]] = weights[EMBEDDINGS][[earlier[token] for token in known]]
    return [token for token in vocabulary.tokens if token not in earlier]
