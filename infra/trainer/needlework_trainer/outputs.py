"""Result files with bytes that depend on the result only: sorted keys, fixed order, no times, no paths."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file


def write_json(path: Path, value: Any) -> None:
    """One JSON document, keys sorted, newline at the end."""
    path.write_text(json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def write_jsonl(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    """One JSON object per line, keys sorted."""
    with path.open("w", encoding="utf-8") as handle:
        for row in rows:
            handle.write(json.dumps(row, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n")


def write_tensors(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """A safetensors file; the format sorts by name itself."""
    save_file({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, str(path), metadata={"format": "pt"})
    path.chmod(0o644)
