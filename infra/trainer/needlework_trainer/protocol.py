"""The lines the trainer speaks: one JSON object per line, stdin in, stdout out, nothing else on stdout.

In:  `{"type":"run","job":"/path/job.json"}`.
Out: `ready` once; then per job any number of `progress`, `checkpoint` and `log` lines and exactly one `result` or `error`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, BinaryIO

from .errors import BadJob, TrainerError

PROTOCOL = 1
_SECONDS_BETWEEN_PROGRESS = 0.5


def claim_stdout() -> BinaryIO:
    """Keep stdout for protocol lines and send everything else that prints (Python or C) to stderr."""
    channel = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return channel


def read_request(line: str) -> str:
    """The path of the job file that a stdin line names. Raises `BadJob`."""
    try:
        request = json.loads(line)
    except ValueError as error:
        raise BadJob(f"stdin: found a line that is not JSON ({error}); allowed: {{\"type\":\"run\",\"job\":\"/path\"}}")
    if not isinstance(request, dict) or request.get("type") != "run":
        found = request.get("type") if isinstance(request, dict) else type(request).__name__
        raise BadJob(f"type: found {found!r}; allowed: 'run'", field="type")
    job = request.get("job")
    if not isinstance(job, str) or not os.path.isabs(job):
        raise BadJob(f"job: found {job!r}; allowed: the absolute path of a job file", field="job")
    return job


class Channel:
    """Writes protocol lines for one process; `job` binds them to the job that runs."""

    def __init__(self, stream: BinaryIO):
        self._stream = stream

    def send(self, message: dict[str, Any]) -> None:
        """Write one line at once, so that a crash never leaves half of it in a buffer; in ASCII, since U+2028 ends lines, too."""
        self._stream.write(json.dumps(message, allow_nan=False, ensure_ascii=True).encode() + b"\n")

    def ready(self, versions: dict[str, str], device: dict[str, Any]) -> None:
        self.send({"type": "ready", "protocol": PROTOCOL, "versions": versions, "device": device})

    def log(self, level: str, message: str) -> None:
        self.send({"type": "log", "level": level, "message": message})

    def result(self, job_id: str, files: list[str], summary: dict[str, Any], measurements: dict[str, Any]) -> None:
        self.send({"type": "result", "jobId": job_id, "files": files, "summary": summary, "measurements": measurements})

    def error(self, job_id: str | None, error: TrainerError) -> None:
        body: dict[str, Any] = {"type": error.type, "message": str(error), "retryable": error.retryable}
        if error.field is not None:
            body["field"] = error.field
        self.send({"type": "error", "jobId": job_id, "error": body})

    def progress(self, job_id: str) -> Progress:
        return Progress(self, job_id)


class Progress:
    """Reports how far a job is: at most two lines a second, but always the first and last of a phase."""

    def __init__(self, channel: Channel, job_id: str):
        self._channel = channel
        self._job_id = job_id
        self._phase: str | None = None
        self._sent_at = 0.0

    def log(self, level: str, message: str) -> None:
        self._channel.log(level, message)

    def checkpoint(self, name: str, step: int) -> None:
        """Say that a checkpoint is complete: the folder of this name in the job's checkpoint folder."""
        self._channel.send({"type": "checkpoint", "jobId": self._job_id, "name": name, "step": step})

    def report(self, phase: str, done: int, total: int, unit: str, **metrics: float) -> None:
        """Say that `done` of `total` units of a phase are finished; `metrics` are small numbers to show."""
        now = time.monotonic()
        due = phase != self._phase or done >= total or now - self._sent_at >= _SECONDS_BETWEEN_PROGRESS
        if not due:
            return
        self._phase, self._sent_at = phase, now
        self._channel.send(
            {
                "type": "progress",
                "jobId": self._job_id,
                "phase": phase,
                "done": done,
                "total": total,
                "unit": unit,
                "metrics": metrics,
            }
        )
