"""The prompts of a job, each short enough for the job's limit and for the model."""

from __future__ import annotations

from .data import Prompt, read_prompts
from .errors import PromptTooLong
from .jobs import DecodingJob
from .models import Base


def prompts_of(job: DecodingJob, base: Base, new_tokens: int) -> list[Prompt]:
    """The prompts that a job asks about, read and checked before the first is answered, with so many tokens at most. Raises `DataError` or `PromptTooLong`."""
    prompts = read_prompts(job.data_file, base.tokenizer, job.max_examples)
    for prompt in prompts:
        length = len(prompt.ids)
        if job.max_prompt_tokens is not None and length > job.max_prompt_tokens:
            raise PromptTooLong(f"maxPromptTokens: example {prompt.example.id!r} has a prompt of {length} tokens; allowed: at most {job.max_prompt_tokens}", field="maxPromptTokens")
        # Nothing follows the last token that is written, so it takes no position.
        check_positions(base, prompt, length + new_tokens - 1)
    return prompts


def check_positions(base: Base, prompt: Prompt, needed: int) -> None:
    """Raises `PromptTooLong` where prompt and answer take more positions than a model has."""
    if base.positions is not None and needed > base.positions:
        raise PromptTooLong(
            f"model.path: example {prompt.example.id!r} takes {needed} positions ({len(prompt.ids)} tokens of the prompt, and the answer's); "
            f"allowed: at most {base.positions}, for which this model has embeddings",
            field="model.path",
        )
