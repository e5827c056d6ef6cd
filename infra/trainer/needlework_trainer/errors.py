"""Typed failures of a job. `retryable` says whether trying the same job again could help."""

from __future__ import annotations

import errno


class TrainerError(Exception):
    """Base of all expected failures; `type` is the class name, as the worker sees it.

    `field` is the dotted path of the offending field where one field is to blame.
    """

    retryable = False

    def __init__(self, message: str, field: str | None = None):
        super().__init__(message)
        self.field = field

    @property
    def type(self) -> str:
        return type(self).__name__


class BadJob(TrainerError):
    """The job file (or the line that names it) is not what the contract allows."""


class DataError(TrainerError):
    """A data file is missing or malformed; the message names file, line and field."""


class ModelMissing(TrainerError):
    """The model folder lacks a file, or holds something this trainer cannot load."""


class UnsupportedModel(TrainerError):
    """The model loads, but its attention is laid out in a way that scoring and masking cannot work with."""


class PackageMissing(TrainerError):
    """The job asks for a library that this trainer's environment does not have."""


class AdapterMismatch(TrainerError):
    """The adapter folder is incomplete, or was trained on another base."""


class PromptTooLong(TrainerError):
    """Prompt and answer exceed the job's limit; nothing is ever truncated."""


class NaNLoss(TrainerError):
    """The loss or the gradient stopped being a finite number."""


class NaNLogits(TrainerError):
    """A model that answers gave numbers that are not finite, from which any token would follow."""


class OutOfMemory(TrainerError):
    """The device ran out of memory; the message says what was asked for and what would fit."""


class DiskFull(TrainerError):
    """There was no room left on a disk of this machine; the same job may do later, or elsewhere."""

    retryable = True


class InternalError(TrainerError):
    """Anything unexpected; the traceback is on stderr."""

    retryable = True


def as_trainer_error(error: BaseException) -> TrainerError:
    """The typed form of any exception raised while a job ran."""
    if isinstance(error, TrainerError):
        return error
    text = f"{type(error).__name__}: {error}"
    return DiskFull(text) if _disk_was_full(error) else InternalError(text)


def _disk_was_full(error: BaseException | None) -> bool:
    """Whether an exception, or one that it came of, says so; libraries in other languages say it in words only."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if "No space left on device" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
