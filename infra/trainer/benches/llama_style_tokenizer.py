"""A tokenizer in the style of Llama 3 (byte-level BPE, its pre-tokenizer, 128K tokens), trained on the texts given: its own is not ours to ship.

python llama_style_tokenizer.py OUT.json FILE.jsonl.gz...
"""

import gzip
import json
import sys

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

SPLIT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
BEGIN = "<|begin_of_text|>"


def texts(files):
    for file in files:
        with gzip.open(file, "rt") as lines:
            for line in lines:
                row = json.loads(line)
                yield row.get("text") or row["paragraph_text"]


def main(out, *files):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(SPLIT), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(texts(files), trainers.BpeTrainer(vocab_size=128_000, special_tokens=[BEGIN], initial_alphabet=alphabet, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{BEGIN} $A", special_tokens=[(BEGIN, tokenizer.token_to_id(BEGIN))])
    tokenizer.save(out)
    print(f"tokenizer with {tokenizer.get_vocab_size():,} tokens")


if __name__ == "__main__":
    main(*sys.argv[1:])
