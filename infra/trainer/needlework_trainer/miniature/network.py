"""The miniature's network: a plain LlamaForCausalLM, its initialisation, and a lean forward pass for pretraining."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from transformers import LlamaConfig, LlamaForCausalLM

from .rows import IGNORE
from .vocabulary import Vocabulary


def build_network(
    vocabulary: Vocabulary,
    *,
    layers: int,
    hidden: int,
    heads: int,
    kv_heads: int,
    head_dim: int,
    feed_forward: int,
    theta: float,
    max_positions: int,
    init_std: float,
    output_scale: float,
) -> LlamaForCausalLM:
    """
    A randomly initialised model; draws from torch's global generator. `init_std` is larger than the usual 0.02, the
    network being narrow; `output_scale` shrinks what every block writes to the residual stream at first, so that it
    does not drown the embeddings.
    """
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=hidden,
        intermediate_size=feed_forward,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=head_dim,
        max_position_embeddings=max_positions,
        rope_parameters={"rope_type": "default", "rope_theta": theta},
        tie_word_embeddings=True,
        initializer_range=init_std,
        bos_token_id=vocabulary.bos,
        eos_token_id=vocabulary.eos,
        pad_token_id=vocabulary.pad,
        attn_implementation="sdpa",
    )
    model = LlamaForCausalLM(config)
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.mul_(output_scale)
            layer.mlp.down_proj.weight.mul_(output_scale)
    return model


def hidden_states(model: LlamaForCausalLM, inputs: torch.Tensor) -> torch.Tensor:
    """
    Final hidden states [rows, positions, hidden] of right-padded inputs. The same arithmetic as the model's own
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

    x = model.model.embed_tokens(inputs)
    for layer in model.model.layers:
        attention, mlp = layer.self_attn, layer.mlp
        y = F.rms_norm(x, x.shape[-1:], layer.input_layernorm.weight, eps)
        q = rotate(F.linear(y, attention.q_proj.weight).view(rows, length, q_heads, dim).transpose(1, 2))
        k = rotate(F.linear(y, attention.k_proj.weight).view(rows, length, kv_heads, dim).transpose(1, 2))
        v = F.linear(y, attention.v_proj.weight).view(rows, length, kv_heads, dim).transpose(1, 2)
        groups = q_heads // kv_heads
        k, v = k.repeat_interleave(groups, 1), v.repeat_interleave(groups, 1)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + F.linear(y.transpose(1, 2).reshape(rows, length, -1), attention.o_proj.weight)
        y = F.rms_norm(x, x.shape[-1:], layer.post_attention_layernorm.weight, eps)
        x = x + F.linear(F.silu(F.linear(y, mlp.gate_proj.weight)) * F.linear(y, mlp.up_proj.weight), mlp.down_proj.weight)
    return F.rms_norm(x, x.shape[-1:], model.model.norm.weight, eps)


def loss_and_hits(
    model: LlamaForCausalLM, inputs: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Mean cross-entropy over labelled positions, and for each labelled position its row and whether it was right."""
    labelled = targets != IGNORE
    logits = F.linear(hidden_states(model, inputs)[labelled], model.lm_head.weight)
    gold = targets[labelled]
    return F.cross_entropy(logits, gold), labelled.nonzero()[:, 0], logits.detach().argmax(-1) == gold
