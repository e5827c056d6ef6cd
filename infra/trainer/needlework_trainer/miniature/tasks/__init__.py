"""The pretraining tasks, by the names that a pretraining config uses. Each makes one row of at most `length` tokens."""

from .chain import chain
from .citation import citation, citation_words
from .hops import hops
from .induction import burst, copy, pairs, previous
from .keyvalue import key_value
from .reading import reading, reading_plain

TASKS = {
    "previous": previous,
    "pairs": pairs,
    "burst": burst,
    "copy": copy,
    "key-value": key_value,
    "chain": chain,
    "citation-words": citation_words,
    "citation": citation,
    "hops": hops,
    "reading-plain": reading_plain,
    "reading": reading,
}
