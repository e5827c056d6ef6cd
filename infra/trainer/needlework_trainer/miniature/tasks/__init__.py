"""The pretraining tasks, by the names that a pretraining config uses. Each makes one row of at most `length` tokens."""

from .again import recall, restate, restate_plain
from .chain import chain
from .citation import citation
from .induction import burst, pairs, previous
from .keyvalue import key_value
from .reading import reading

TASKS = {
    "previous": previous,
    "pairs": pairs,
    "burst": burst,
    "recall": recall,
    "restate-plain": restate_plain,
    "restate": restate,
    "key-value": key_value,
    "chain": chain,
    "reading": reading,
    "citation": citation,
}
