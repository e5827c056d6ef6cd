"""The sliding window: set before a model is built, and checked on what the loaded model's layers see (paper, section 2.2)."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import BadJob, ModelMissing
from .layout import NO_WINDOW, AttentionLayer

_FIELD = "model.slidingWindow"


def set_sliding_window(config, window: int | None) -> None:
    """Give the layers that have a sliding window another one, or (None) none at all. Raises `BadJob` where no layer can have one.

    Which layers slide is the family's: all (Mistral), or those that `layer_types` says (Gemma, Qwen).
    """
    text = config.get_text_config()
    kinds = getattr(text, "layer_types", None)
    slides = any("sliding" in kind for kind in kinds) if kinds else hasattr(text, "sliding_window")
    if not slides and window is not None:
        raise BadJob(f"{_FIELD}: found {window} for a {config.model_type} model whose layers all see the whole context; allowed: null, or nothing", field=_FIELD)
    if slides:
        # Layers of a sliding kind cannot be built without a number.
        text.sliding_window = NO_WINDOW if window is None and kinds else window


def check_sliding_window(layers: Sequence[AttentionLayer], window: int | None) -> None:
    """Compare what was asked for with what the loaded layers were seen to see. Raises `ModelMissing`."""
    found = {layer.window for layer in layers} - {None}
    if found != ({window} - {None}):
        raise ModelMissing(f"{_FIELD}: the loaded layers see windows of {sorted(found) or 'any length'}, not {window if window is not None else 'everything'}", field=_FIELD)
