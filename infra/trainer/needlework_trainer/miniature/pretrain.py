"""
Command line: `python -m needlework_trainer.miniature.pretrain --world world.json --config pretraining.json --out folder`.

Writes a model folder (config.json, model.safetensors, tokenizer.json, tokenizer_config.json, origin.json), `metrics.jsonl`
(one line per 100 steps) and `pretraining-log.json` (command, seed, hardware, versions, metrics, SHA-256 of the weights). Where
such a log lies beside the config, the new weights are held against its SHA-256.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections import defaultdict
from pathlib import Path

import torch
import transformers

from ..seeding import seed_induction
from .batches import material_of, silent_layers, step_rows
from .checkpoint import load_checkpoint, save_checkpoint
from .config import PretrainingConfig, Stage, load_config
from .earlier import start_from
from .folder import sha256_of, write_model_folder, write_origin
from .network import TinyModel, build_network, loss_and_hits, parameters_in_use
from .parallel import Processes, join
from .rows import IGNORE, collate
from .vocabulary import Vocabulary, build_vocabulary
from .world import World, load_world, without_unseen

REPORT_EVERY = 100
CHECKPOINT = "checkpoint.safetensors"
LOG = "pretraining-log.json"


class Tally:
    """
    Loss and, per task, the share of answers whose first token was right (that one has to be looked up; those after it
    follow by plain induction) and of tokens that were. Ends of answers are not counted.
    """

    def __init__(self, eos: int) -> None:
        self.eos = eos
        self.loss, self.steps = 0.0, 0
        self.counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def add(self, loss: float, names: list[str], targets: torch.Tensor, hits: torch.Tensor) -> None:
        self.loss, self.steps = self.loss + loss, self.steps + 1
        labelled = targets != IGNORE
        rows = labelled.nonzero()[:, 0]
        after = torch.zeros_like(labelled)
        after[:, 1:] = labelled[:, :-1]
        for row, hit, end, first in zip(
            rows.tolist(), hits.tolist(), (targets[labelled] == self.eos).tolist(), (~after)[labelled].tolist(), strict=True
        ):
            counts = self.counts[names[row]]
            if first:
                counts[0] += hit
                counts[1] += 1
            if not end:
                counts[2] += hit
                counts[3] += 1

    def line(self) -> dict:
        first = {name: round(c[0] / c[1], 4) for name, c in sorted(self.counts.items())}
        token = {name: round(c[2] / c[3], 4) for name, c in sorted(self.counts.items())}
        return {"loss": round(self.loss / max(1, self.steps), 4), "firstToken": first, "token": token}


def pretrain(
    config: PretrainingConfig, world: World, vocabulary: Vocabulary, out: Path, *, device: str, max_minutes: float, resume: bool, processes: Processes = Processes(), start: Path | None = None
) -> tuple[TinyModel, list[dict]] | None:
    """Runs all stages. Returns the model and its metrics, or None where the time limit came first (a checkpoint is kept)."""
    torch.manual_seed(config.seed)
    model = build_network(vocabulary, config.network, max(max(stage.lengths) for stage in config.stages))
    if seeded := config.network.seededHeads:
        seed_induction(model, seeded.previousKvHeads, seeded.matchingLayers, seeded.passing, seeded.matchingKvHeads)
    if start is not None:
        start_from(start, model, vocabulary)
    model.to(device)
    settings = config.optimizer
    optimizer = torch.optim.AdamW(model.parameters(), betas=settings.betas, weight_decay=settings.weightDecay)
    metrics_file, checkpoint = out / "metrics.jsonl", out / CHECKPOINT
    metrics: list[dict] = []
    first = 0
    if resume and checkpoint.exists():
        first = load_checkpoint(checkpoint, model, optimizer)
        metrics = [line for line in map(json.loads, metrics_file.read_text("utf-8").splitlines()) if line["step"] <= first]
    # The others have read the metrics before the first one writes them anew.
    processes.agree(True)
    started = time.monotonic() - (metrics[-1]["seconds"] if metrics else 0)
    tokens = metrics[-1]["tokens"] if metrics else 0
    read = without_unseen(world, config.unseen.facts, config.unseen.questions)
    materials = {words: material_of(read, vocabulary, words) for words in {stage.randomWords for stage in config.stages}}
    tally = Tally(vocabulary.eos)
    with (metrics_file if processes.first else Path(os.devnull)).open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in metrics)
        file.flush()
        for step in range(first, config.steps):
            stage, rate = config.at(step)
            for group in optimizer.param_groups:
                group["lr"] = rate
            names, rows = step_rows(config, stage, step, materials[stage.randomWords])
            inputs, targets = collate(rows, vocabulary.pad)
            inputs, targets = inputs.to(device), targets.to(device)
            parameters = parameters_in_use(model, stage.layers)
            silent = silent_layers(config, stage, step, len(rows))
            loss, hits = _gradients(model, parameters, inputs, targets, stage, processes, None if silent is None else torch.tensor(silent, device=device))
            torch.nn.utils.clip_grad_norm_(parameters, settings.maxGradNorm)
            optimizer.step()
            optimizer.zero_grad()
            tokens += inputs.numel()
            tally.add(loss, names, targets, hits)
            done = step + 1
            if done % REPORT_EVERY == 0 or done == config.steps:
                line = {"step": done, "stage": stage.name, "learningRate": rate, **tally.line(), "tokens": tokens}
                metrics.append({**line, "seconds": round(time.monotonic() - started, 1)})
                file.write(json.dumps(metrics[-1]) + "\n")
                file.flush()
                if processes.first:
                    print(json.dumps(metrics[-1]), flush=True)
                tally = Tally(vocabulary.eos)
                stop = processes.agree(time.monotonic() - started > 60 * max_minutes and done < config.steps)
                if processes.first and (stop or done % (5 * REPORT_EVERY) == 0):
                    save_checkpoint(checkpoint, model, optimizer, done)
                if stop:
                    return None
    return model, metrics


def _gradients(
    model: TinyModel,
    parameters: list[torch.nn.Parameter],
    inputs: torch.Tensor,
    targets: torch.Tensor,
    stage: Stage,
    processes: Processes,
    silent: torch.Tensor | None,
) -> tuple[float, torch.Tensor]:
    """Leaves the gradients of a step in the parameters; returns its loss, and for each labelled position whether it was right."""
    labelled = targets != IGNORE
    parts, total = stage.parts, int(labelled.sum())
    part_of = labelled.nonzero()[:, 0] % parts
    sizes = [parameter.numel() for parameter in parameters]

    def compute(part: int) -> torch.Tensor:
        loss, hits = loss_and_hits(
            model,
            inputs[part::parts],
            targets[part::parts],
            None if parts == 1 else total,
            stage.window,
            stage.layers,
            None if silent is None else silent[part::parts],
        )
        loss.backward()
        computed = torch.cat([parameter.grad.flatten() for parameter in parameters] + [loss.detach()[None], torch.zeros(total)])
        computed[len(computed) - total :][part_of == part] = hits.float()
        model.zero_grad()
        return computed

    summed = processes.sum_in_order(parts, sum(sizes) + 1 + total, compute)
    *gradients, loss, hits = summed.split([*sizes, 1, total])
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.view_as(parameter)
    return loss.item(), hits > 0


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit status: 0 when all steps ran, 1 when the weights are not those of the log beside the config, 3 when stopped by the time limit."""
    parser = argparse.ArgumentParser(prog="needlework_trainer.miniature.pretrain", description=__doc__)
    parser.add_argument("--world", required=True, help="world.json, the authored mini-world")
    parser.add_argument("--config", required=True, help="pretraining config (JSON)")
    parser.add_argument("--out", required=True, help="folder to write; made where missing")
    parser.add_argument("--device", default="cpu", help="torch device (default: cpu)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default: 1; other numbers may round otherwise)")
    parser.add_argument("--max-minutes", type=float, default=float("inf"), help="safety stop; the run can be resumed")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    options = parser.parse_args(arguments)
    processes = join()
    try:
        world, config = load_world(options.world), load_config(options.config)
    except (OSError, ValueError) as error:
        print(f"pretrain: {error}", file=sys.stderr)
        return 2
    torch.set_num_threads(options.threads)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    vocabulary = build_vocabulary(world)
    start = None if config.startFrom is None else Path(options.config).parent / config.startFrom
    try:
        finished = pretrain(
            config, world, vocabulary, out, device=options.device, max_minutes=options.max_minutes, resume=options.resume, processes=processes, start=start
        )
    except (FileNotFoundError, ValueError) as error:
        print(f"pretrain: {error}", file=sys.stderr)
        return 2
    if finished is None:
        print("pretrain: stopped by --max-minutes; go on with --resume", file=sys.stderr)
        return 3
    if not processes.first:
        return 0
    model, metrics = finished
    weights = write_model_folder(model.to("cpu"), vocabulary, out)
    write_origin(config, out)
    log = {
        "command": f"npm run miniature:pretrain -- --config {options.config} --out {options.out}",
        "world": {"sha256": sha256_of(Path(options.world))},
        "config": config.model_dump(exclude_none=True),
        "configSha256": sha256_of(Path(options.config)),
        "hardware": {"device": options.device, "threads": options.threads, "machine": platform.machine(), "cpu": _processor()},
        "versions": {"python": platform.python_version(), "torch": torch.__version__, "transformers": transformers.__version__},
        "parameters": sum(p.numel() for p in model.parameters()),
        "weightsSha256": weights,
        "metrics": metrics,
    }
    (out / LOG).write_text(json.dumps(log, indent=1) + "\n", "utf-8")
    known = Path(options.config).with_name(LOG)
    if not known.is_file() or known.resolve() == (out / LOG).resolve():
        return 0
    shipped = json.loads(known.read_text("utf-8"))
    if shipped["weightsSha256"] == weights:
        print(f"pretrain: the weights are those of {known} ({weights})")
        return 0
    print(f"pretrain: found weights {weights}, expected {shipped['weightsSha256']} of {known}; made there with {_made_with(shipped)}, here with {_made_with(log)}", file=sys.stderr)
    return 1


def _made_with(log: dict) -> str:
    return f"torch {log['versions']['torch']} on {log['hardware']['cpu']}, config {log['configSha256'][:8]}, world {log['world']['sha256'][:8]}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


if __name__ == "__main__":
    raise SystemExit(main())
