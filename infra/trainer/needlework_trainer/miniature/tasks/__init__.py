"""The pretraining tasks, by the names that a pretraining config uses. Each makes one row of at most `length` tokens."""

from .chain import chain
from .citation import citation
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
    "citation": citation,
    "reading-plain": reading_plain,
    "reading": reading,
}
