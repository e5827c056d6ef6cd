"""Checkpoints of a training: folders in a folder, each complete from the moment it has its name.

A checkpoint `step-00000012` holds what the training needs to go on after step 12 as if nothing had happened. Whoever gave
the folder keeps the checkpoints safe elsewhere and may take older ones away; the newest that is of the same run is used.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import BadJob
from .jobs import CheckpointSpec
from .outputs import write_json

RUN = "run.json"
_NAME = re.compile(r"step-\d{8}")


class Checkpoints:
    """The checkpoints of one run. `run`: JSON that says which run that is; those of another are left alone."""

    def __init__(self, spec: CheckpointSpec, run: dict[str, Any], warn: Callable[[str], None]):
        self._folder, self._seconds = Path(spec.folder), spec.minutes * 60
        if not self._folder.is_dir():
            raise BadJob(f"checkpoints.folder: found no folder at {spec.folder}; allowed: an existing folder", field="checkpoints.folder")
        self._run, self._warn = run, warn
        self._last = time.monotonic()

    def due(self) -> bool:
        """Whether the time between checkpoints is over."""
        return time.monotonic() - self._last >= self._seconds

    def newest(self) -> Path | None:
        """The last checkpoint of this run; None where there is none to go on from."""
        for folder in sorted((f for f in self._folder.iterdir() if _NAME.fullmatch(f.name)), reverse=True):
            try:
                found = json.loads((folder / RUN).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                self._warn(f"checkpoint {folder.name}: found no readable {RUN} ({error}); it is not used")
                continue
            if found == self._run:
                return folder
            differing = sorted(key for key in {*found, *self._run} if found.get(key) != self._run.get(key))
            self._warn(f"checkpoint {folder.name}: found one of another run (other {', '.join(differing)}); it is not used")
        return None

    @contextmanager
    def writing(self, step: int) -> Iterator[Path]:
        """An empty folder for the files of a checkpoint after `step`; it gets its name at the end of the block."""
        partial = self._folder / "partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        yield partial
        write_json(partial / RUN, self._run)
        complete = self._folder / name_of(step)
        # One of another run, which was not gone on from.
        shutil.rmtree(complete, ignore_errors=True)
        partial.rename(complete)
        self._last = time.monotonic()


def name_of(step: int) -> str:
    return f"step-{step:08d}"
