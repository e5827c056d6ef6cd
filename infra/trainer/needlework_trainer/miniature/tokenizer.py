"""Writes the vocabulary as a real `tokenizers` file that transformers loads as a fast tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from .vocabulary import BOS, EOS, PAD, UNKNOWN, Vocabulary


def build_tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """Lower-cases, splits at white space and punctuation, and puts `<bos>` in front of every text."""
    tokenizer = Tokenizer(models.WordPiece(dict(vocabulary.ids), unk_token=UNKNOWN, max_input_chars_per_word=64))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, vocabulary.bos)]
    )
    tokenizer.add_special_tokens([PAD, BOS, EOS])
    return tokenizer


def save_tokenizer(vocabulary: Vocabulary, folder: Path, max_tokens: int) -> None:
    """Writes tokenizer.json and tokenizer_config.json into `folder`."""
    build_tokenizer(vocabulary).save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BOS,
        "eos_token": EOS,
        "pad_token": PAD,
        "unk_token": UNKNOWN,
        "model_max_length": max_tokens,
        "clean_up_tokenization_spaces": False,
        "padding_side": "right",
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
