"""RoPE theta: set before a model is built, and checked on the frequencies that the loaded model rotates by (paper, section 2.2)."""

from __future__ import annotations

import math
from typing import Any

import torch
from transformers import PreTrainedModel

from .errors import BadJob, ModelMissing

# Of a family that keeps one set of parameters per kind of layer, those with full attention carry the long context.
_LONG = "full_attention"
_FIELD = "model.ropeTheta"


def set_rope_theta(config, theta: float | None) -> None:
    """Override theta in a config that no model was built from yet; scaling of the frequencies that it names stays. Raises `BadJob`.

    transformers ignores `config.rope_theta`; the value lives in `rope_parameters`.
    """
    if theta is None:
        return
    text = config.get_text_config()
    if not getattr(text, "rope_parameters", None):
        raise BadJob(f"{_FIELD}: found {theta:g} for a {config.model_type} model, which has no rotary position embeddings; allowed: null", field=_FIELD)
    parameters = dict(text.rope_parameters)
    kind = (parameters.get(_LONG) or parameters).get("rope_type", "default")
    if kind not in _FREQUENCIES:
        raise BadJob(f"{_FIELD}: found {theta:g} for a model with RoPE of type {kind!r}, whose frequencies change with the text; allowed with null or types {', '.join(_FREQUENCIES)}", field=_FIELD)
    if isinstance(parameters.get(_LONG), dict):
        parameters[_LONG] = {**parameters[_LONG], "rope_theta": float(theta)}
    else:
        parameters["rope_theta"] = float(theta)
    text.rope_parameters = parameters


def rotary_frequencies(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """The inverse frequencies a loaded model really rotates by, [pairs of dimensions], by the name of the buffer."""
    return {
        name: buffer
        for name, buffer in model.named_buffers()
        if name.rpartition(".")[2].endswith("inv_freq") and "original" not in name
    }


def check_rope_theta(model: PreTrainedModel, theta: float) -> None:
    """Compare the loaded frequencies with the closed form. Raises `ModelMissing` where they differ."""
    text = model.config.get_text_config()
    every = text.rope_parameters
    checked = 0
    for name, found in rotary_frequencies(model).items():
        kind = name.rpartition(".")[2].removesuffix("inv_freq").rstrip("_")
        parameters = every.get(kind) if kind else every
        if not isinstance(parameters, dict):
            continue
        own = theta if kind in ("", _LONG) else parameters["rope_theta"]
        wanted = expected_frequencies(own, parameters, len(found))
        if wanted is None:
            continue
        if not torch.allclose(found.double().cpu(), wanted, rtol=1e-4):
            raise ModelMissing(f"{_FIELD}: the loaded rotary frequencies ({name}) are not those of theta {own:g}", field=_FIELD)
        checked += kind in ("", _LONG)
    if checked == 0:
        raise ModelMissing(f"{_FIELD}: found no rotary frequencies in the loaded model to check theta {theta:g} on; allowed: null", field=_FIELD)


def expected_frequencies(theta: float, parameters: dict[str, Any], pairs: int) -> torch.Tensor | None:
    """Frequencies of a theta under a config's RoPE parameters: float64 [pairs]; None for types without a closed form."""
    form = _FREQUENCIES.get(parameters.get("rope_type", "default"))
    if form is None:
        return None
    return form(theta ** -(torch.arange(pairs, dtype=torch.float64) / pairs), theta, parameters)


def _default(plain: torch.Tensor, theta: float, parameters: dict[str, Any]) -> torch.Tensor:
    """theta^(-2i/d)."""
    return plain


def _linear(plain: torch.Tensor, theta: float, parameters: dict[str, Any]) -> torch.Tensor:
    """Positions divided by a factor."""
    return plain / parameters["factor"]


def _llama3(plain: torch.Tensor, theta: float, parameters: dict[str, Any]) -> torch.Tensor:
    """Llama 3.1: slow dimensions divided by the factor, fast ones as they are, those between mixed."""
    turns = parameters["original_max_position_embeddings"] * plain / (2 * math.pi)
    low, high = parameters["low_freq_factor"], parameters["high_freq_factor"]
    share = ((turns - low) / (high - low)).clamp(0, 1)
    return share * plain + (1 - share) * plain / parameters["factor"]


def _yarn(plain: torch.Tensor, theta: float, parameters: dict[str, Any]) -> torch.Tensor:
    """YaRN (Peng et al. 2023): the same, the mix linear in the dimension between `beta_fast` and `beta_slow` turns."""
    d = 2 * len(plain)

    def dimension(turns: float) -> float:
        return d * math.log(parameters["original_max_position_embeddings"] / (turns * 2 * math.pi)) / (2 * math.log(theta))

    first, last = dimension(parameters.get("beta_fast") or 32), dimension(parameters.get("beta_slow") or 1)
    if parameters.get("truncate", True):
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, d - 1)
    ramp = ((torch.arange(len(plain), dtype=torch.float64) - first) / max(last - first, 0.001)).clamp(0, 1)
    return (1 - ramp) * plain + ramp * plain / parameters["factor"]


def _proportional(plain: torch.Tensor, theta: float, parameters: dict[str, Any]) -> torch.Tensor:
    """Gemma 4: only the fastest dimensions rotate, a part of all, and by their frequencies in the whole head."""
    rotated = int(parameters.get("partial_rotary_factor", 1.0) * len(plain))
    return torch.where(torch.arange(len(plain)) < rotated, plain, 0.0) / parameters.get("factor", 1.0)


_FREQUENCIES = {"default": _default, "linear": _linear, "llama3": _llama3, "yarn": _yarn, "proportional": _proportional}
