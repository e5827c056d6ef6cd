"""Tiny random models of several families; the prompts of tests are longer than their sliding windows."""

WINDOW = 16
_GEMMA_3_ROPE = {
    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1_000_000.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
}

#: Family by name: the config's `model_type`, its own settings, and the window that each layer has.
FAMILIES: dict[str, tuple[str, dict, list[int | None]]] = {
    "llama": ("llama", {}, [None] * 3),
    "mistral": ("mistral", {"sliding_window": WINDOW}, [WINDOW] * 3),
    "qwen2": ("qwen2", {}, [None] * 3),
    "qwen2-sliding": ("qwen2", {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1}, [None, WINDOW, WINDOW]),
    "qwen3": ("qwen3", {}, [None] * 3),
    "gemma2": ("gemma2", {"sliding_window": WINDOW, "query_pre_attn_scalar": 16, "attn_logit_softcapping": 5.0}, [WINDOW, None, WINDOW]),
    "gemma3": (
        "gemma3_text",
        {
            "sliding_window": WINDOW,
            "query_pre_attn_scalar": 16,
            "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
            "rope_parameters": _GEMMA_3_ROPE,
        },
        [WINDOW, None, WINDOW],
    ),
    # Queries, keys and values in one projection.
    "phi3": ("phi3", {}, [None] * 3),
    # The same, and other names for everything; rotates a part of each head.
    "gpt-neox": ("gpt_neox", {"head_dim": 8, "num_key_value_heads": 8, "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 0.5}}, [None] * 3),
}
