"""The models that the benchmark runs on: random weights in the shape of real ones."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Shape:
    """`settings` are those of the family's config; `dtype` that of weights and cache. `theta` and `window` are what the paper sets at load, None where nothing."""

    settings: dict
    family: str = "llama"
    dtype: str = "float32"
    theta: float | None = None
    window: int | None = None

    @property
    def layers(self) -> int:
        return self.settings["num_hidden_layers"]

    @property
    def heads(self) -> int:
        return self.settings["num_attention_heads"]

    @property
    def vocabulary(self) -> int:
        return self.settings["vocab_size"]

    @property
    def bytes_per_number(self) -> int:
        return 2 if self.dtype == "bfloat16" else 4


_8B = dict(hidden_size=4096, intermediate_size=14_336, num_hidden_layers=32, num_attention_heads=32, num_key_value_heads=8, head_dim=128, tie_word_embeddings=False)
_1M = dict(vocab_size=2048, hidden_size=128, intermediate_size=256, num_hidden_layers=4, num_attention_heads=8, num_key_value_heads=4, head_dim=16, tie_word_embeddings=True)

SIZES = {
    # About 100M parameters, with the vocabulary of Llama 3, as many of them in the vocabulary as in a model of that family scaled down.
    "100m": Shape(dict(vocab_size=128_256, hidden_size=512, intermediate_size=2048, num_hidden_layers=8, num_attention_heads=16, num_key_value_heads=4, head_dim=32, tie_word_embeddings=True)),
    # The paper's models, as it extends them to 32K tokens (section 2.2): for a GPU of 80 GB.
    "llama-3-8b": Shape({**_8B, "vocab_size": 128_256}, dtype="bfloat16", theta=6_315_088),
    "mistral-7b": Shape({**_8B, "vocab_size": 32_000, "sliding_window": 4096}, "mistral", "bfloat16", theta=59_300, window=16_384),
    # To try the benchmark itself.
    "1m": Shape(_1M),
    "1m-sliding": Shape({**_1M, "sliding_window": 64}, "mistral", theta=59_300, window=256),
}


def make_folder(folder: Path, size: str, device: str = "cpu") -> Path:
    """A model folder with random weights, drawn on `device`, and a word-level tokenizer: word `w7` is token 7."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import AutoConfig, AutoModelForCausalLM

    from needlework_trainer.pretrain import write_model_folder

    shape = SIZES[size]
    vocabulary = {"<pad>": 0, "<bos>": 1, "<eos>": 2, **{f"w{i}": i for i in range(3, shape.vocabulary)}}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["<pad>", "<bos>", "<eos>"])
    torch.manual_seed(0)
    rope = {"rope_type": "default", "rope_theta": 500_000.0}
    config = AutoConfig.for_model(shape.family, **shape.settings, max_position_embeddings=131_072, rope_parameters=rope, pad_token_id=0, bos_token_id=1, eos_token_id=2)
    folder.mkdir(parents=True, exist_ok=True)
    with torch.device(device):
        model = AutoModelForCausalLM.from_config(config, dtype=getattr(torch, shape.dtype))
    write_model_folder(folder, model, tokenizer)
    return folder


def example(size: str, tokens: int, answer_tokens: int, seed: int) -> dict:
    """A line of a data file: a prompt of random words, the answer among them."""
    draw = random.Random(f"{tokens}/{seed}")
    words = [f"w{draw.randrange(3, SIZES[size].vocabulary)}" for _ in range(tokens)]
    prompt, at = " ".join(words), tokens // 2
    answer = " ".join(words[at : at + answer_tokens])
    start = len(" ".join(words[:at])) + 1
    span = {"start": start, "end": start + len(answer)}
    return {
        "id": f"e{seed}", "task": "mdqa", "condition": "real", "split": "train", "prompt": prompt, "answer": answer, "answers": [answer],
        "question": "-", "needles": [span], "answerSpans": [span], "promptTokens": tokens,
    }


def model_ref(folder: Path, size: str, device: str = "cpu") -> dict:
    """The model of a job: as it is in the folder."""
    return {"path": str(folder), "ropeTheta": None, "dtype": SIZES[size].dtype, "device": device}


def extended(folder: Path, size: str, device: str = "cpu") -> dict:
    """The model of a job: with the theta and the window that the paper sets."""
    shape = SIZES[size]
    window = {} if shape.window is None else {"slidingWindow": shape.window}
    return {**model_ref(folder, size, device), "ropeTheta": shape.theta and float(shape.theta), **window}


def cache_bytes(size: str, tokens: int) -> int:
    """Keys and values of `tokens`."""
    shape = SIZES[size]
    return 2 * shape.layers * shape.settings["num_key_value_heads"] * shape.settings["head_dim"] * tokens * shape.bytes_per_number
