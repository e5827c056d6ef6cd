"""
Giving a tiny model its induction circuit by hand before training, where training it into being would take hours.

An induction head finds an earlier occurrence of the current token and attends to what followed it. That takes two layers:
previous-token heads write to each position which token stood before it, and matching heads of a later layer look for the
current token among what they wrote (Olsson et al. 2022, arXiv 2209.11895). Whoever seeds must say so: which layer holds the
heads is then our choice, and only what they do after training is a finding.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import LlamaForCausalLM

#: What each block writes to the residual stream at first, so that it does not drown the embeddings.
OUTPUT_SCALE = 0.1


@torch.no_grad()
def scale_outputs(model: LlamaForCausalLM, factor: float = OUTPUT_SCALE) -> None:
    """Shrink the output projections of all blocks."""
    for layer in model.model.layers:
        layer.self_attn.o_proj.weight *= factor
        layer.mlp.down_proj.weight *= factor


@torch.no_grad()
def share_direction(embeddings: torch.Tensor, norm: float) -> torch.Tensor:
    """Adds to all embeddings one direction, drawn from torch's global generator, of length `norm`; returns the direction, of length 1."""
    shared = torch.randn(embeddings.shape[1])
    shared /= shared.norm()
    embeddings += norm * shared
    return shared


def seed_induction(
    model: LlamaForCausalLM, previous_kv_heads: int, matching_layers: Sequence[int], passing: float = 1.0, matching_kv_heads: int | None = None
) -> None:
    """
    Set layer 0's first `previous_kv_heads` key/value heads as previous-token heads, and start the first `matching_kv_heads`
    (None: all) key/value heads of each of `matching_layers`, with their query heads, as matching heads. Draws from torch's
    global generator.
    """
    seed_previous_token_heads(model, previous_kv_heads)
    seed_matching_heads(model, matching_layers, previous_kv_heads, passing, matching_kv_heads)


@torch.no_grad()
def seed_previous_token_heads(model: LlamaForCausalLM, kv_heads: int, *, sharpness: float = 30.0, shared_norm: float = 0.6) -> None:
    """
    Set layer 0's first `kv_heads` key/value heads, with their query heads, as previous-token heads. Every embedding
    gets a shared direction, which queries and keys read through the three fastest RoPE frequencies, the keys turned by one
    position: the score is highest where the key stands one position before the query.
    """
    config, attention = model.config, model.model.layers[0].self_attn
    dim, groups = config.head_dim, config.num_attention_heads // config.num_key_value_heads
    embeddings = model.model.embed_tokens.weight
    scale = (embeddings.pow(2).sum(1).mean() + shared_norm**2).sqrt()
    shared = share_direction(embeddings, shared_norm)
    component = config.hidden_size**0.5 * shared_norm / scale
    size = (sharpness / 3 * dim**0.5) ** 0.5 / component
    frequencies = model.model.rotary_emb.inv_freq
    for kv in range(kv_heads):
        attention.k_proj.weight[kv * dim : (kv + 1) * dim] *= 0.1
        for i in range(3):
            attention.k_proj.weight[kv * dim + i] = size * torch.cos(frequencies[i]) * shared
            attention.k_proj.weight[kv * dim + dim // 2 + i] = size * torch.sin(frequencies[i]) * shared
        for head in range(kv * groups, (kv + 1) * groups):
            attention.q_proj.weight[head * dim : (head + 1) * dim] *= 0.1
            for i in range(3):
                attention.q_proj.weight[head * dim + i] = size * shared
                attention.q_proj.weight[head * dim + dim // 2 + i] = 0


@torch.no_grad()
def seed_matching_heads(model: LlamaForCausalLM, layers: Sequence[int], previous_kv_heads: int, passing: float = 1.0, kv_heads: int | None = None) -> None:
    """
    Start the first `kv_heads` key/value heads (None: all) of each of `layers`, with their query heads, as matching heads: keys
    read what layer 0's previous-token heads wrote, or the token itself; values and outputs are near a projection, so that `passing` times what is attended is passed on (less than once where many
    layers do so, lest they drown the embeddings).
    """
    config, first = model.config, model.model.layers[0].self_attn
    dim, hidden, groups = config.head_dim, config.hidden_size, config.num_attention_heads // config.num_key_value_heads
    written = sum(
        first.o_proj.weight[:, h * dim : (h + 1) * dim] @ first.v_proj.weight[(h // groups) * dim : (h // groups + 1) * dim]
        for h in range(groups * previous_kv_heads)
    )
    written = written / written.norm() * hidden**0.5
    for layer in layers:
        attention = model.model.layers[layer].self_attn
        for kv in range(config.num_key_value_heads if kv_heads is None else kv_heads):
            reads = torch.linalg.qr(torch.randn(hidden, dim))[0].T
            passes = torch.linalg.qr(torch.randn(hidden, dim))[0].T
            attention.k_proj.weight[kv * dim : (kv + 1) * dim] += reads
            attention.v_proj.weight[kv * dim : (kv + 1) * dim] += passes
            for head in range(kv * groups, (kv + 1) * groups):
                attention.q_proj.weight[head * dim : (head + 1) * dim] += reads @ written if head % groups else reads
                attention.o_proj.weight[:, head * dim : (head + 1) * dim] += passing * passes.T
