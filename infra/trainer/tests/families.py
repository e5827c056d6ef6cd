"""Tiny random models of several families; the prompts of tests are longer than their sliding windows."""

WINDOW = 16
_GEMMA_3_ROPE = {
    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1_000_000.0},
    "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
}
_GEMMA_3_TEXT = {
    "vocab_size": 512,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 512,
    "initializer_range": 0.25,
    "sliding_window": WINDOW,
    "query_pre_attn_scalar": 16,
    "layer_types": ["sliding_attention", "full_attention", "sliding_attention"],
    "rope_parameters": _GEMMA_3_ROPE,
}
_VISION = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}

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
    # Heads of layers with full attention are wider, and only a part of each rotates.
    "gemma4": (
        "gemma4_text",
        {
            "sliding_window": WINDOW,
            "layer_types": ["sliding_attention", "sliding_attention", "full_attention"],
            "global_head_dim": 32,
            "tie_word_embeddings": False,
            "vocab_size_per_layer_input": 512,
            "hidden_size_per_layer_input": 8,
            "rope_parameters": {**_GEMMA_3_ROPE, "full_attention": {"rope_type": "proportional", "partial_rotary_factor": 0.25, "rope_theta": 1_000_000.0}},
        },
        [WINDOW, WINDOW, None],
    ),
    # A model of text and images, as Gemma 3 is published from 4B on: its decoder is a part of it.
    "gemma3-images": ("gemma3", {"text_config": _GEMMA_3_TEXT, "vision_config": _VISION, "mm_tokens_per_image": 1}, [WINDOW, None, WINDOW]),
    # Experts, of whose choice the decoder tells too.
    "qwen3-moe": ("qwen3_moe", {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32, "decoder_sparse_step": 1}, [None] * 3),
    # Queries, keys and values in one projection.
    "phi3": ("phi3", {}, [None] * 3),
    # The same, and other names for everything; rotates a part of each head.
    "gpt-neox": ("gpt_neox", {"head_dim": 8, "num_key_value_heads": 8, "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0, "partial_rotary_factor": 0.5}}, [None] * 3),
}
