"""The trainer's benchmark: ratios measured side by side in one run. `npm run bench -- trainer --help`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from needlework_trainer.runtime import prepare_environment

PARTS = ("scoring", "training", "reload", "stages")
USUAL = PARTS[:3]


def main() -> None:
    prepare_environment()
    from . import reload, scoring, stages, training
    from .shape import SIZES

    parser = argparse.ArgumentParser(prog="npm run bench -- trainer", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(PARTS)} (default: {', '.join(USUAL)}). stages: one job of each kind that the paper needs")
    parser.add_argument("--contexts", default="1024,2048,4096,8192", help="prompt lengths of scoring, in tokens")
    parser.add_argument("--train-contexts", default="1024,2048", help="prompt lengths of training, in tokens")
    parser.add_argument("--stage-contexts", default="1024", help="prompt lengths of stages, in tokens")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--answer", type=int, default=16, help="answer tokens")
    parser.add_argument("--repeats", type=int, default=5, help="interleaved runs of each")
    parser.add_argument("--model", choices=SIZES, default="100m", help="shape of the random model; llama-3-8b and mistral-7b are for a GPU of 80 GB (stages --device cuda --stage-contexts 32768)")
    parser.add_argument("--short", action="store_true", help="1,024 tokens, two runs: about two minutes on two idle cores")
    asked = parser.parse_args()
    if unknown := [part for part in asked.parts if part not in PARTS]:
        parser.error(f"PART: found {unknown[0]!r}; allowed: {', '.join(PARTS)}")
    parts = asked.parts or USUAL
    if asked.short:
        asked.contexts, asked.train_contexts, asked.stage_contexts, asked.repeats = "1024", "1024", "1024", 2
    lengths = {name: [int(n) for n in getattr(asked, name).split(",")] for name in ("contexts", "train_contexts", "stage_contexts")}
    with tempfile.TemporaryDirectory(prefix="needlework-bench-") as folder:
        if "scoring" in parts:
            scoring.bench(Path(folder) / "scoring", asked.model, lengths["contexts"], asked.answer, asked.repeats, asked.device)
        if "training" in parts:
            training.bench(Path(folder) / "training", asked.model, lengths["train_contexts"], asked.answer, max(1, asked.repeats // 2), asked.device)
        if "reload" in parts:
            reload.bench(Path(folder) / "reload", asked.model, min(asked.repeats, 3), asked.device)
        if "stages" in parts:
            stages.bench(Path(folder) / "stages", asked.model, lengths["stage_contexts"], asked.answer, min(asked.repeats, 3), asked.device)


if __name__ == "__main__":
    main()
