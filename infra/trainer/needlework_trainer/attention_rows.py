"""An attention function that is as fast as the model's own and can tell where each head looked.

Retrieval scores need, for every generated token, only the key that each head attended most. The full attention
matrix of a prompt would take length² per head; here the fast kernel does the model's work, and while a recording
is on, the rows of the current queries alone are computed a second time: heads × queries × keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from transformers import AttentionInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from .errors import UnsupportedModel
from .softcap import softcap_attention

NAME = "needlework_rows"
#: What some families pass to their attention beside scores: sinks, biases, choices of keys. The fast kernel ignores them.
_OTHER_TERMS = ("s_aux", "sinks", "position_bias", "indices", "block_mask")


class Recording:
    """Attended positions of the forward passes made while it was on: int32 [queries, layers, heads]."""

    def __init__(self) -> None:
        self._layers: dict[int, list[torch.Tensor]] = {}

    def add(self, layer: int, positions: torch.Tensor) -> None:
        """`positions`: [heads, queries]."""
        self._layers.setdefault(layer, []).append(positions)

    def attended(self) -> torch.Tensor:
        """All rows recorded so far, on the CPU. Raises `UnsupportedModel` where the model has an attention of its own."""
        if not self._layers:
            raise UnsupportedModel("model.path: this model does not attend through transformers' attention interface, so its heads cannot be watched; allowed: one that does", field="model.path")
        layers = [torch.cat(rows, dim=1) for _, rows in sorted(self._layers.items())]
        return torch.stack(layers).permute(2, 0, 1).to("cpu", torch.int32).contiguous()


_recording: Recording | None = None


@contextmanager
def record(recording: Recording | None) -> Iterator[None]:
    """Record every forward pass inside the block; None records nothing."""
    global _recording
    before, _recording = _recording, recording
    try:
        yield
    finally:
        _recording = before


def most_attended(
    query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None, scaling: float | None
) -> torch.Tensor:
    """The key each head attends most, per query: int64 [heads, queries].

    query [1, heads, queries, d], key [1, key-value heads, keys, d]; the queries are the last positions of the keys.
    mask: None (causal), or boolean (True: may attend) or additive, broadcastable to [1, heads, queries, keys].
    Softmax keeps the order of its inputs, so the largest score is the largest probability.
    """
    _, heads, queries, width = query.shape
    _, groups, keys, _ = key.shape
    per_group = heads // groups
    # Head h reads key-value head h // per_group: group the queries rather than repeat the keys.
    grouped = query.float().reshape(groups, per_group * queries, width)
    scores = torch.matmul(grouped, key[0].float().transpose(1, 2)).view(heads, queries, keys)
    scores = scores * (width**-0.5 if scaling is None else scaling)
    if mask is not None:
        visible = mask[0, :, -queries:, :keys]
        scores = scores.masked_fill(~visible, float("-inf")) if mask.dtype == torch.bool else scores + visible.float()
    elif queries > 1:
        own = torch.arange(keys - queries, keys, device=key.device)[:, None]
        later = torch.arange(keys, device=key.device)[None, :] > own
        scores = scores.masked_fill(later, float("-inf"))
    return scores.argmax(-1)


def _attention(module, query, key, value, attention_mask, scaling=None, **kwargs):
    """The attention of `module`, by the fast kernel; notes the rows if a recording is on."""
    output = _fast(module, query, key, value, attention_mask, scaling, **kwargs)
    if _recording is not None:
        if query.shape[0] != 1:
            raise ValueError(f"recording takes one prompt at a time, found a batch of {query.shape[0]}")
        _recording.add(module.layer_idx, most_attended(query, key, attention_mask, scaling))
    return output


def _fast(module, query, key, value, attention_mask, scaling, softcap=None, **kwargs):
    """The model's own attention, by the fastest kernel that can do it: (output [batch, queries, heads, d], None)."""
    for term in _OTHER_TERMS:
        if kwargs.get(term) is not None:
            raise UnsupportedModel(f"model.path: this model's attention has a term ({term}) that the kernel here would leave out; allowed: softmax over scaled, masked, perhaps soft-capped scores", field="model.path")
    if softcap is not None:
        return softcap_attention(query, key, value, attention_mask, scaling, softcap, kwargs.get("dropout", 0.0)), None
    return sdpa_attention_forward(module, query, key, value, attention_mask, scaling=scaling, **kwargs)


AttentionInterface.register(NAME, _attention)
# Without a mask builder of the same name transformers would pass no masks at all.
AttentionMaskInterface.register(NAME, sdpa_mask)
