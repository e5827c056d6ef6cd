"""The miniature's vocabulary: every word of the world is one token; anything else falls into characters."""

from __future__ import annotations

from . import prompts
from .world import World, Words

PAD, BOS, EOS = "<pad>", "<bos>", "<eos>"
UNKNOWN = "[UNK]"
PUNCTUATION = tuple(".,?:()[]{}\"'=;")
CHARACTERS = tuple("abcdefghijklmnopqrstuvwxyz0123456789")


class Vocabulary:
    """Word pieces and their ids. `pieces(word)` splits exactly as the shipped tokenizer does."""

    def __init__(self, words: list[str]) -> None:
        self.tokens = words + ["##" + c for c in CHARACTERS] + [UNKNOWN]
        self.ids = {token: i for i, token in enumerate(self.tokens)}
        if len(self.ids) != len(self.tokens):
            raise ValueError("vocabulary: a token occurs twice")
        self.pad, self.bos, self.eos = self.ids[PAD], self.ids[BOS], self.ids[EOS]
        self.plain_words = list(range(3, len(words)))
        self._pieces: dict[str, list[int]] = {w: [i] for w, i in self.ids.items() if not w.startswith("##")}

    def __len__(self) -> int:
        return len(self.tokens)

    def pieces(self, word: str) -> list[int]:
        """Ids of one lower-case word: longest match first, as WordPiece does. Raises KeyError for a foreign character."""
        found = self._pieces.get(word)
        if found is None:
            end = len(word)
            while word[:end] not in self.ids:
                end -= 1
                if end == 0:
                    raise KeyError(f"vocabulary: {word!r} has a character that the miniature does not know")
            rest = ["##" + c for c in word[end:]]
            if any(piece not in self.ids for piece in rest):
                raise KeyError(f"vocabulary: {word!r} has a character that the miniature does not know")
            found = [self.ids[piece] for piece in [word[:end], *rest]]
        return found

    def encode(self, words: Words) -> list[int]:
        """Ids of lower-case words and punctuation marks."""
        return [i for word in words for i in self.pieces(word)]


def build_vocabulary(world: World) -> Vocabulary:
    """The vocabulary of a world; the order of ids follows the file, so one file gives one vocabulary."""
    words: dict[str, None] = {}

    def add(more) -> None:
        for word in more:
            if not word.startswith("{") or word == "{":
                words.setdefault(word)

    add((PAD, BOS, EOS))
    add(PUNCTUATION)
    add(CHARACTERS)
    add(world.numbers)
    for name in world.names.values():
        add(name)
    add(world.years)
    for sentence in world.padding + world.asides:
        add(sentence.split())
    for part in (prompts.PASSAGES_HEAD, prompts.PASSAGES_TASK, prompts.DOCUMENTS_HEAD, prompts.DOCUMENTS_TASK):
        add(part)
    add(prompts.QUESTION + prompts.STATEMENT + prompts.ANSWER)
    for relation in list(world.organisation.values()) + list(world.person.values()):
        add(relation.noun.split())
        for wording in relation.facts + relation.questions + relation.paraphrase.questions + relation.phrases:
            add(wording.split())
    add(world.structure_words)
    return Vocabulary(list(words))
