"""The models that the benchmark runs on: random weights, Llama architecture, the vocabulary of Llama 3."""

from __future__ import annotations

import random
from pathlib import Path

SIZES = {
    # About 100M parameters, as many of them in the vocabulary as in a model of Llama 3's family scaled down.
    "100m": dict(vocab_size=128_256, hidden_size=512, intermediate_size=2048, num_hidden_layers=8, num_attention_heads=16, num_key_value_heads=4, head_dim=32),
    # To try the benchmark itself.
    "1m": dict(vocab_size=2048, hidden_size=128, intermediate_size=256, num_hidden_layers=4, num_attention_heads=8, num_key_value_heads=4, head_dim=16),
}


def make_folder(folder: Path, size: str) -> Path:
    """A model folder with random weights and a word-level tokenizer: word `w7` is token 7."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM

    from needlework_trainer.pretrain import write_model_folder

    settings = SIZES[size]
    vocabulary = {"<pad>": 0, "<bos>": 1, "<eos>": 2, **{f"w{i}": i for i in range(3, settings["vocab_size"])}}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<pad>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["<pad>", "<bos>", "<eos>"])
    torch.manual_seed(0)
    rope = {"rope_type": "default", "rope_theta": 500_000.0}
    config = LlamaConfig(**settings, max_position_embeddings=131_072, tie_word_embeddings=True, rope_parameters=rope, pad_token_id=0, bos_token_id=1, eos_token_id=2)
    folder.mkdir(parents=True, exist_ok=True)
    write_model_folder(folder, LlamaForCausalLM(config), tokenizer)
    return folder


def example(size: str, tokens: int, answer_tokens: int, seed: int) -> dict:
    """A line of a data file: a prompt of random words, the answer among them."""
    draw = random.Random(f"{tokens}/{seed}")
    words = [f"w{draw.randrange(3, SIZES[size]['vocab_size'])}" for _ in range(tokens)]
    prompt, at = " ".join(words), tokens // 2
    answer = " ".join(words[at : at + answer_tokens])
    start = len(" ".join(words[:at])) + 1
    span = {"start": start, "end": start + len(answer)}
    return {
        "id": f"e{seed}", "task": "mdqa", "condition": "real", "split": "train", "prompt": prompt, "answer": answer, "answers": [answer],
        "question": "-", "needles": [span], "answerSpans": [span], "promptTokens": tokens,
    }


def model_ref(folder: Path) -> dict:
    return {"path": str(folder), "ropeTheta": None, "dtype": "float32", "device": "cpu"}


def cache_bytes(size: str, tokens: int) -> int:
    """Keys and values of `tokens` in float32."""
    s = SIZES[size]
    return 2 * s["num_hidden_layers"] * s["num_key_value_heads"] * s["head_dim"] * tokens * 4
