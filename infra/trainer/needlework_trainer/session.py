"""One trainer process: takes jobs one after another and keeps the base model between them."""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections.abc import Iterable

import torch

from . import evaluate, mask, memory, patch, pretrain, rank, score
from .errors import DiskFull, InternalError, as_trainer_error
from .jobs import EvaluateJob, MaskJob, PatchJob, PretrainJob, RankJob, ScoreJob, TrainJob, job_id_of, read_job
from .models import Base, ModelCache
from .protocol import Channel, Progress, read_request
from .results import JobResult
from .runtime import PeakMemory, release_memory


class Session:
    """Runs jobs and reports each by exactly one `result` or `error` line. A failed job leaves it ready for the next."""

    def __init__(self, channel: Channel):
        self._channel = channel
        self._models = ModelCache()

    def serve(self, lines: Iterable[str]) -> None:
        """Run every job named on `lines`, until they end."""
        for line in lines:
            if line.strip():
                self.handle(line)

    def handle(self, line: str) -> None:
        """Run the job that one line names."""
        job_id = None
        try:
            path = read_request(line)
            job_id = job_id_of(path)
            self._run(path)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            typed = as_trainer_error(error)
            if isinstance(typed, (InternalError, DiskFull)):
                # Whatever broke may have left the model half changed.
                self._models.drop()
            self._channel.error(job_id, typed)

    def _run(self, path: str) -> None:
        release_memory()
        started, peak = time.perf_counter(), PeakMemory()
        job = read_job(path)
        progress = self._channel.progress(job.job_id)
        measurements: dict[str, float | str | bool] = {}
        base: Base | None = None
        try:
            if isinstance(job, PretrainJob):
                result = pretrain.run(job, torch.device("cpu"), progress)
            elif isinstance(job, RankJob):
                result = rank.run(job, progress)
            else:
                base, loaded = self._models.get(job.model)
                measurements = {"modelReloaded": loaded, "loadSeconds": time.perf_counter() - started}
                result = _with_model(job, base, progress)
        except Exception as error:
            if memory.ran_out(error):
                raise memory.out_of_memory(error, job, base) from error
            raise
        measurements |= result.measurements
        measurements |= {"seconds": time.perf_counter() - started, "peakMemoryBytes": peak.bytes()}
        self._channel.result(job.job_id, sorted(os.listdir(job.output_dir)), result.summary, measurements)


def _with_model(job: TrainJob | EvaluateJob | ScoreJob | MaskJob | PatchJob, base: Base, progress: Progress) -> JobResult:
    match job:
        case TrainJob():
            # TRL takes seconds to import, so only training pays for it.
            from . import train

            return train.run(job, base, progress)
        case EvaluateJob():
            return evaluate.run(job, base, progress)
        case ScoreJob():
            return score.run(job, base, progress)
        case MaskJob():
            return mask.run(job, base, progress)
        case PatchJob():
            return patch.run(job, base, progress)
