"""The miniature's network: a plain Llama or Mistral model, its initialisation, and a lean forward pass for pretraining."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

from ..seeding import share_direction
from .config import Network
from .rows import IGNORE
from .vocabulary import Vocabulary


#: Both have the same modules; Mistral's layers see a sliding window.
TinyModel = LlamaForCausalLM | MistralForCausalLM


def build_network(vocabulary: Vocabulary, network: Network, max_positions: int) -> TinyModel:
    """
    A randomly initialised model; draws from torch's global generator. `initStd` is larger than the usual 0.02, the
    network being narrow; `outputScale` shrinks what every block writes to the residual stream at first, so that it
    does not drown the embeddings.
    """
    shape = {
        "vocab_size": len(vocabulary),
        "hidden_size": network.hidden,
        "intermediate_size": network.feedForward,
        "num_hidden_layers": network.layers,
        "num_attention_heads": network.heads,
        "num_key_value_heads": network.kvHeads,
        "head_dim": network.headDim,
        "max_position_embeddings": max_positions,
        "rope_parameters": {"rope_type": "default", "rope_theta": network.theta},
        "tie_word_embeddings": True,
        "initializer_range": network.initStd,
        "bos_token_id": vocabulary.bos,
        "eos_token_id": vocabulary.eos,
        "pad_token_id": vocabulary.pad,
        "attn_implementation": "sdpa",
    }
    if network.family == "mistral":
        model = MistralForCausalLM(MistralConfig(**shape, sliding_window=network.slidingWindow))
    else:
        model = LlamaForCausalLM(LlamaConfig(**shape))
    with torch.no_grad():
        if network.sharedNorm > 0:
            share_direction(model.model.embed_tokens.weight, network.sharedNorm)
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.mul_(network.outputScale)
            layer.mlp.down_proj.weight.mul_(network.outputScale)
    return model


def parameters_in_use(model: TinyModel, layers: int | None) -> list[torch.nn.Parameter]:
    """Those of the first `layers` layers (None: of all) and of what stands before and behind them."""
    unused = {id(parameter) for layer in model.model.layers[layers:] for parameter in layer.parameters()} if layers is not None else set()
    return [parameter for parameter in model.parameters() if id(parameter) not in unused]


def hidden_states(
    model: TinyModel, inputs: torch.Tensor, window: bool = True, layers: int | None = None, silent: torch.Tensor | None = None
) -> torch.Tensor:
    """
    Final hidden states [rows, positions, hidden] of right-padded inputs; without its sliding `window`, where a model has one, if
    it is False; by the first `layers` layers alone where that is a number. The same arithmetic as the model's own
    forward (a test compares them) without its per-call overhead, which at this size costs a third of the time.
    """
    config = model.config
    rows, length = inputs.shape
    dim, q_heads, kv_heads = config.head_dim, config.num_attention_heads, config.num_key_value_heads
    eps = config.rms_norm_eps
    angles = torch.arange(length, dtype=torch.float32, device=inputs.device)[:, None] * model.model.rotary_emb.inv_freq
    cos, sin = angles.cos().repeat(1, 2), angles.sin()
    sin = torch.cat((-sin, sin), -1)

    def rotate(states: torch.Tensor) -> torch.Tensor:
        return states * cos + states.roll(dim // 2, -1) * sin

    reach = getattr(config, "sliding_window", None) if window else None
    seen = None if reach is None or reach >= length else _window_mask(length, reach, inputs.device)

    x = model.model.embed_tokens(inputs)
    for index, layer in enumerate(model.model.layers[:layers]):
        attention, mlp = layer.self_attn, layer.mlp
        y = F.rms_norm(x, x.shape[-1:], layer.input_layernorm.weight, eps)
        q = rotate(F.linear(y, attention.q_proj.weight).view(rows, length, q_heads, dim).transpose(1, 2))
        k = rotate(F.linear(y, attention.k_proj.weight).view(rows, length, kv_heads, dim).transpose(1, 2))
        v = F.linear(y, attention.v_proj.weight).view(rows, length, kv_heads, dim).transpose(1, 2)
        groups = q_heads // kv_heads
        k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=seen, is_causal=seen is None)
        y = F.linear(y.transpose(1, 2).reshape(rows, length, -1), attention.o_proj.weight)
        x = x + (y if silent is None else y * (silent != index)[:, None, None])
        y = F.rms_norm(x, x.shape[-1:], layer.post_attention_layernorm.weight, eps)
        x = x + F.linear(F.silu(F.linear(y, mlp.gate_proj.weight)) * F.linear(y, mlp.up_proj.weight), mlp.down_proj.weight)
    return F.rms_norm(x, x.shape[-1:], model.model.norm.weight, eps)


def _window_mask(length: int, window: int, device: torch.device) -> torch.Tensor:
    """Which keys a query sees [queries, keys]: itself and the `window - 1` positions before it."""
    positions = torch.arange(length, device=device)
    behind = positions[:, None] - positions
    return (behind >= 0) & (behind < window)


def loss_and_hits(
    model: TinyModel,
    inputs: torch.Tensor,
    targets: torch.Tensor,
    total: int | None = None,
    window: bool = True,
    layers: int | None = None,
    silent: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """
    Cross-entropy over labelled positions, their mean or (with `total`) their sum over so many, and for each whether it was right.
    `window`, `layers` and `silent` as in `hidden_states`.
    """
    labelled = targets != IGNORE
    logits = F.linear(hidden_states(model, inputs, window, layers, silent)[labelled], model.lm_head.weight)
    gold = targets[labelled]
    loss = F.cross_entropy(logits, gold) if total is None else F.cross_entropy(logits, gold, reduction="sum") / total
    return loss, logits.detach().argmax(-1) == gold
