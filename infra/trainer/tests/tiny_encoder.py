"""A tiny BERT with random weights, for tests. `python tiny_encoder.py FOLDER` writes one, as the tests of the whole path do."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
WORDS = ["the", "who", "founded", "mill", "tower", "stands"]
CHARACTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def make_encoder(folder: Path, seed: int = 0, weights: str = "safetensors", **overrides) -> Path:
    """A folder as Contriever's: config.json, tokenizer.json and weights (`safetensors` or `bin`), without a pooler."""
    folder.mkdir(parents=True, exist_ok=True)
    # Written down rather than trained, since training leaves the order of equals to chance.
    pieces = [*SPECIAL, *WORDS, *".,?'-:", *CHARACTERS, *(f"##{character}" for character in CHARACTERS)]
    tokenizer = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(pieces)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]").save_pretrained(folder)
    settings = dict(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        max_position_embeddings=64,
        initializer_range=0.4,
        pad_token_id=0,
    )
    torch.manual_seed(seed)
    model = BertModel(BertConfig(**{**settings, **overrides}), add_pooling_layer=False)
    model.save_pretrained(folder)
    if weights == "bin":
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder


if __name__ == "__main__":
    make_encoder(Path(sys.argv[1]))
