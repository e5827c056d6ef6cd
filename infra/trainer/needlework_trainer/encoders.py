"""Text encoders: one vector per text, the mean of the last hidden states over its tokens, as Contriever has it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, PreTrainedModel

from .errors import BadJob, ModelMissing
from .jobs import EncoderRef
from .models import device_for


@dataclass(frozen=True)
class Embedded:
    """`vectors` float32 [texts, width] on the encoder's device; `tokens` that were read for them."""

    vectors: torch.Tensor
    tokens: int


class Encoder:
    """A loaded encoder; texts longer than `max_tokens` (special tokens included) are cut off there."""

    def __init__(self, model: PreTrainedModel, tokenizer: Tokenizer, max_tokens: int):
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_tokens)
        self._model, self._tokenizer = model, tokenizer
        self._pad = model.config.pad_token_id or 0

    @property
    def width(self) -> int:
        return self._model.config.hidden_size

    def embed(self, texts: Sequence[str], batch_size: int, on_batch: Callable[[int], None]) -> Embedded:
        """
        One vector per text, in order. Texts of like length share a batch, so that little of it is padding. `on_batch` is
        told after each how many texts are done.
        """
        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        vectors = torch.empty(len(encoded), self.width, device=self._model.device)
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            vectors[batch] = self._embed_batch([encoded[i] for i in batch])
            on_batch(start + len(batch))
        if not torch.isfinite(vectors).all():
            raise ModelMissing("encoder.path: the encoder gave numbers that are not finite; a dtype of float32 may help", field="encoder.path")
        return Embedded(vectors, sum(map(len, encoded)))

    @torch.inference_mode()
    def _embed_batch(self, batch: list[list[int]]) -> torch.Tensor:
        longest = max(map(len, batch))
        ids = torch.tensor([row + [self._pad] * (longest - len(row)) for row in batch], device=self._model.device)
        lengths = torch.tensor([len(row) for row in batch], device=self._model.device)
        mask = torch.arange(longest, device=self._model.device) < lengths[:, None]
        hidden = self._model(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        return mean_pool(hidden, mask)


def mean_pool(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean over the tokens of each text: hidden [texts, tokens, width], mask bool [texts, tokens] -> float32 [texts, width]."""
    total = hidden.float().masked_fill(~mask[..., None], 0.0).sum(dim=1)
    return total / mask.sum(dim=1, keepdim=True).clamp(min=1)


def load_encoder(ref: EncoderRef, max_tokens: int) -> Encoder:
    """
    Load an encoder's folder: config.json, tokenizer.json, and weights in safetensors format or, as Contriever's were
    published, in `pytorch_model.bin`, of which nothing but tensors is read. Raises `ModelMissing` for what it lacks,
    `BadJob` for a device that is not there or more tokens than the encoder has positions for.
    """
    folder, device = Path(ref.path), device_for(ref.device, "encoder.device")
    for name in ("config.json", "tokenizer.json"):
        if not (folder / name).is_file():
            raise _refused(f"found no {name} in {folder}; allowed: a folder with config.json, tokenizer.json and weights")
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises bare Exception
        raise _refused(f"tokenizer.json cannot be read: {error}")
    model = _load_model(folder, ref.dtype)
    if tokenizer.get_vocab_size() > model.get_input_embeddings().num_embeddings:
        raise _refused(f"found {tokenizer.get_vocab_size()} tokens in tokenizer.json; allowed: at most {model.get_input_embeddings().num_embeddings}, for which the model has embeddings")
    positions = _positions(model.config)
    if positions is not None and max_tokens > positions:
        raise BadJob(f"rank.maxTokens: found {max_tokens}; allowed: at most {positions}, the positions of this encoder", field="rank.maxTokens")
    return Encoder(model.requires_grad_(False).eval().to(device), tokenizer, max_tokens)


def _load_model(folder: Path, dtype: str) -> PreTrainedModel:
    local = {"local_files_only": True, "trust_remote_code": False}
    try:
        config = AutoConfig.from_pretrained(folder, **local)
        if config.is_encoder_decoder:
            raise _refused(f"found a {config.model_type} model with a decoder of its own; allowed: an encoder such as BERT")
        model, report = AutoModel.from_pretrained(folder, config=config, dtype=getattr(torch, dtype), weights_only=True, output_loading_info=True, **local)
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, SafetensorError, StrictDataclassError, pickle.UnpicklingError) as error:
        if "allocate memory" in str(error):
            raise
        raise _refused(f"found a folder that cannot be loaded: {error}")
    # transformers only warns about these and fills in random weights. BERT's pooler is not used, and Contriever has none.
    for problem in ("missing_keys", "mismatched_keys"):
        if names := sorted(name for name in map(str, report[problem]) if not name.startswith("pooler.")):
            raise _refused(f"the weights do not fit config.json ({problem}: {', '.join(names[:3])})")
    return model


def _positions(config) -> int | None:
    """Tokens that an encoder has positions for; None where there is no bound."""
    positions = getattr(config, "max_position_embeddings", None)
    # RoBERTa counts positions from behind its padding token's id.
    taken = (config.pad_token_id or 0) + 1 if "roberta" in config.model_type else 0
    return None if positions is None else positions - taken


def _refused(problem: str) -> ModelMissing:
    return ModelMissing(f"encoder.path: {problem}", field="encoder.path")
