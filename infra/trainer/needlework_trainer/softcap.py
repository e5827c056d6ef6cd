"""Attention with soft-capped scores (Gemma 2), which torch's fast kernels cannot do, in memory linear in the context."""

from __future__ import annotations

import torch
from torch.utils.checkpoint import checkpoint

#: Queries whose scores exist at the same time.
_ROWS = 512


def softcap_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None, scaling: float | None, softcap: float, dropout: float = 0.0
) -> torch.Tensor:
    """softmax(c · tanh(s / c)) V, as eager attention computes it: [batch, queries, heads, d].

    query [batch, heads, queries, d]; key, value [batch, key-value heads, keys, d]; the queries are the last of the keys.
    mask: None (causal), or boolean (True: may attend) or additive, broadcastable to [batch, heads, queries, keys].
    """
    queries = query.shape[2]
    scale = query.shape[3] ** -0.5 if scaling is None else scaling
    rows = []
    for start in range(0, queries, _ROWS):
        end = min(start + _ROWS, queries)
        seen = key.shape[2] - queries + end if mask is None else key.shape[2]
        part = None if mask is None else mask[:, :, -queries:, :seen][:, :, start:end]
        arguments = (query[:, :, start:end], key[:, :, :seen], value[:, :, :seen], part, scale, softcap, dropout)
        # The backward pass would otherwise keep the scores of all queries.
        again = torch.is_grad_enabled() and queries > _ROWS
        rows.append(checkpoint(_rows, *arguments, use_reentrant=False) if again else _rows(*arguments))
    return torch.cat(rows, dim=2).transpose(1, 2).contiguous()


def _rows(query, key, value, mask, scale: float, softcap: float, dropout: float) -> torch.Tensor:
    batch, heads, queries, width = query.shape
    groups, keys = key.shape[1:3]
    grouped = query.reshape(batch, groups, -1, width)
    scores = (torch.matmul(grouped, key.transpose(2, 3)) * scale).view(batch, heads, queries, keys)
    scores = torch.tanh(scores / softcap) * softcap
    least = torch.finfo(scores.dtype).min
    if mask is None:
        own = torch.arange(keys - queries, keys, device=key.device)[:, None]
        scores = scores.masked_fill(torch.arange(keys, device=key.device)[None, :] > own, least)
    else:
        scores = scores.masked_fill(~mask, least) if mask.dtype == torch.bool else scores + mask
    weights = torch.softmax(scores, dim=-1, dtype=torch.float32).to(query.dtype)
    weights = torch.nn.functional.dropout(weights, p=dropout)
    mixed = torch.matmul(weights.view(batch, groups, -1, keys), value)
    return mixed.view(batch, heads, queries, value.shape[3])
