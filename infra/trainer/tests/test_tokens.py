"""Spans to tokens, answers after prompts, tokens that count as the same."""

import json

import numpy as np
import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from conftest import CORPUS
from needlework_trainer.pretrain import train_tokenizer
from needlework_trainer.tokens import ModelTokenizer, occurrences, tokens_in_span


def byte_level() -> ModelTokenizer:
    return ModelTokenizer(train_tokenizer(CORPUS, 400), "<eos>", "<pad>")


def word_piece() -> ModelTokenizer:
    words = ["<pad>", "<bos>", "<eos>", "[UNK]", "the", "mill", "answer", ":", "(", ")", ".", "k", "3", "##3", "##k", "##v"]
    raw = Tokenizer(models.WordPiece({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    raw.normalizer = normalizers.Lowercase()
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    raw.decoder = decoders.WordPiece(prefix="##")
    raw.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 1)])
    raw.add_special_tokens(["<pad>", "<bos>", "<eos>"])
    return ModelTokenizer(raw, "<eos>", "<pad>")


def sentence_piece() -> ModelTokenizer:
    """As Mistral's and Gemma's: a mark in place of each space, one before the text, and bytes for what is in no token."""
    raw = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    raw.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    special = ["<unk>", "<s>", "</s>"]
    raw.train_from_iterator([CORPUS[0]] * 3, trainers.BpeTrainer(vocab_size=400, special_tokens=[*special, *(f"<0x{i:02X}>" for i in range(256))], show_progress=False))
    # Bytes are tokens like others, not special ones.
    state = json.loads(raw.to_str())
    raw = Tokenizer.from_str(json.dumps({**state, "added_tokens": [t for t in state["added_tokens"] if t["content"] in special]}))
    raw.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    raw.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return ModelTokenizer(raw, "</s>", None)


def merging() -> ModelTokenizer:
    """A BPE without word borders, so that it merges ": A" of "Answer: A" into one token."""
    vocabulary = {t: i for i, t in enumerate(["<eos>", "n", "s", ":", " ", "A", "a", ": ", ": A", "A", " A"])}
    raw = Tokenizer(models.BPE(vocabulary, [(":", " "), (": ", "A"), (" ", "A")]))
    raw.decoder = decoders.Fuse()
    return ModelTokenizer(raw, "<eos>", None)


def covered(tokenizer: ModelTokenizer, text: str, wanted: str) -> list[str]:
    """The text of the tokens that belong to a span."""
    start = text.index(wanted)
    encoded = tokenizer.encode_prompt(text)
    inside = tokens_in_span(text, encoded.offsets, (start, start + len(wanted)))
    return [text[a:b] for a, b in (encoded.offsets[i] for i in inside)]


@pytest.mark.parametrize("wanted", ["Anna Reed", "Müller", "猫は魚", "süßen Tee", "(in brackets)", "Quoted"])
@pytest.mark.parametrize("prefix", ["", "猫 ", "“", "é🙂 "])
@pytest.mark.parametrize("make", [byte_level, sentence_piece])
def test_the_tokens_of_a_span_spell_it_and_none_can_be_left_out(make, wanted, prefix):
    tokenizer = make()
    text = f"{prefix}x {CORPUS[0]} {CORPUS[2]}"
    encoded = tokenizer.encode_prompt(text)
    start = text.index(wanted)
    span = (start, start + len(wanted))
    inside = tokens_in_span(text, encoded.offsets, span)
    assert wanted in tokenizer.raw.decode(encoded.ids[inside[0] : inside[-1] + 1])
    # A space that is a token of its own belongs to none.
    assert "".join(wanted.split()) in "".join(tokenizer.raw.decode([encoded.ids[i] for i in inside]).split())
    outside = set(range(len(encoded.ids))) - set(inside)
    for i in outside:
        a, b = encoded.offsets[i]
        assert not text[max(a, span[0]) : min(b, span[1])].strip()


def test_the_space_before_a_word_does_not_pull_the_word_into_a_span_that_ends_there():
    text = "by Anna Reed"
    encoded = byte_level().encode_prompt(text)
    inside = tokens_in_span(text, encoded.offsets, (0, 3))
    assert byte_level().raw.decode([encoded.ids[i] for i in inside]) == "by"


def test_tokens_across_a_border_belong_to_the_span():
    tokenizer = merging()
    text = "ns: Aa"
    encoded = tokenizer.encode_prompt(text)
    assert [text[a:b] for a, b in encoded.offsets] == ["n", "s", ": A", "a"]
    assert tokens_in_span(text, encoded.offsets, (4, 6)) == [2, 3]
    assert tokens_in_span(text, encoded.offsets, (0, 3)) == [0, 1, 2]


@pytest.mark.parametrize("make", [byte_level, sentence_piece])
def test_all_byte_tokens_of_one_character_belong_to_its_span(make):
    tokenizer = make()
    text = "a 🙂 b"
    encoded = tokenizer.encode_prompt(text)
    inside = tokens_in_span(text, encoded.offsets, (2, 3))
    assert len(inside) >= 4 and tokenizer.raw.decode([encoded.ids[i] for i in inside]).strip() == "🙂"


def test_special_tokens_belong_to_no_span():
    encoded = byte_level().encode_prompt("Anna")
    assert 0 not in tokens_in_span("Anna", encoded.offsets, (0, 4))


@pytest.mark.parametrize("needle", ["Anna Reed founded it.", "süßen Tee", "猫は魚", "“Quoted”"])
@pytest.mark.parametrize("answer", ["Anna Reed", "Tee", "魚", "Quoted"])
def test_spans_survive_a_chat_template_whose_markers_touch_them(needle, answer):
    """Markers are single tokens, stand right before and behind the needle, and belong to no span."""
    raw = train_tokenizer(CORPUS, 400)
    raw.add_special_tokens(["<|user|>", "<|end|>", "<|assistant|>"])
    tokenizer = ModelTokenizer(raw, "<eos>", "<pad>")
    text = f"<|user|>{needle}<|end|>\n<|user|>Who? {answer}<|end|><|assistant|>\n"
    encoded = tokenizer.encode_prompt(text)
    assert sum(raw.id_to_token(i).startswith("<|") for i in encoded.ids) == 5
    for wanted in (needle, answer):
        start = text.rindex(wanted)
        inside = tokens_in_span(text, encoded.offsets, (start, start + len(wanted)))
        # A space that is a token of its own belongs to none either.
        assert raw.decode(encoded.ids[inside[0] : inside[-1] + 1], skip_special_tokens=False).strip() == wanted
        assert "".join(raw.decode([encoded.ids[i] for i in inside]).split()) == "".join(wanted.split())
    continued = tokenizer.encode_answer(text, encoded.ids, answer)
    assert raw.decode(encoded.ids + continued, skip_special_tokens=False).endswith(f"<|assistant|>\n{answer}")


def test_word_piece_spans_ignore_case_and_cover_all_pieces():
    assert covered(word_piece(), "The MILL (k3v)", "k3v") == ["k", "3", "v"]
    assert covered(word_piece(), "The MILL (k3v)", "MILL") == ["MILL"]


@pytest.mark.parametrize("make", [byte_level, word_piece, sentence_piece])
def test_an_answer_continues_the_prompts_own_tokens(make):
    tokenizer = make()
    prompt, answer = "The mill (k3v). Answer:", "the mill k3v"
    ids = tokenizer.encode_prompt(prompt).ids
    continued = tokenizer.encode_answer(prompt, ids, answer)
    assert ids + continued == tokenizer.raw.encode(f"{prompt} {answer}").ids
    assert tokenizer.decode_answer(continued).lower() == answer


@pytest.mark.parametrize("make", [byte_level, sentence_piece])
def test_an_answer_follows_a_chat_template_without_a_space(make):
    tokenizer = make()
    prompt, answer = "The mill (k3v). Answer:\n\n", "the mill"
    ids = tokenizer.encode_prompt(prompt).ids
    assert tokenizer.raw.decode(ids + tokenizer.encode_answer(prompt, ids, answer)) == prompt + answer


def test_an_answer_survives_a_tokenizer_that_merges_across_the_border():
    tokenizer = merging()
    ids = tokenizer.encode_prompt("ns:").ids
    assert tokenizer.raw.encode("ns: A").ids[: len(ids)] != ids
    continued = tokenizer.encode_answer("ns:", ids, "A")
    assert tokenizer.raw.decode(ids + continued) == "ns: A"


def test_tokens_are_the_same_word_but_for_a_leading_space():
    tokenizer = byte_level()
    words, vocabulary = tokenizer.word_ids, tokenizer.raw.get_vocab()
    pairs = [(token, token[1:]) for token in vocabulary if token.startswith("Ġ") and token[1:] in vocabulary]
    assert pairs
    for spaced, bare in pairs:
        assert words[vocabulary[spaced]] == words[vocabulary[bare]]
    # Nothing else is merged: as many words as spellings.
    spellings = {t[1:] if t.startswith("Ġ") and len(t) > 1 else t for t in vocabulary}
    assert len(np.unique(words)) == len(spellings)
    assert words[tokenizer.eos_id] == tokenizer.eos_id
    # A model's vocabulary may be padded beyond the tokenizer's.
    assert tokenizer.words([tokenizer.eos_id, len(words) + 5]).tolist() == [tokenizer.eos_id, len(words) + 5]


def test_occurrences_are_whole_words():
    assert occurrences("Reed reads; Reedy Reed", "Reed") == [(0, 4), (18, 22)]
    assert occurrences("[3] 33 [3]", "[3]") == [(0, 3), (7, 10)]
    assert occurrences("in 1921, 19210", "1921") == [(3, 7)]
