"""The rank job: which passages of a pool are most like each question, by a dense retriever.

As Contriever retrieves (Izacard et al. 2022, arXiv 2112.09118): every text becomes the mean of the encoder's last hidden
states, a passage is its title and text, and passages are ranked by the dot product. Vectors are used and forgotten, so
memory depends on the number of questions, not on that of passages.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch.nn.functional import normalize

from .encoders import load_encoder
from .jobs import RankJob
from .outputs import write_jsonl
from .protocol import Progress
from .results import JobResult, tokens_per_second
from .source_rows import count_passages, read_passages, read_questions

#: Passages and questions that are compared at a time.
PASSAGES, QUESTIONS = 1024, 1024


class Best:
    """The `top` passages most like each of some questions so far, best first; of equal scores the earlier passage."""

    def __init__(self, questions: torch.Tensor, top: int):
        """`questions`: float32 [questions, width]."""
        self._questions, self._top = questions, top
        self._scores = questions.new_empty(len(questions), 0)
        self.passages = self._scores.long()

    def add(self, vectors: torch.Tensor, first: int) -> None:
        """Take passages into account: float32 [passages, width], numbered from `first`, which is behind all before."""
        scores = torch.cat([self._scores, self._questions @ vectors.T], dim=1)
        numbers = torch.arange(first, first + len(vectors), device=vectors.device).expand(len(self._questions), -1)
        passages = torch.cat([self.passages, numbers], dim=1)
        # `topk` may give equal scores in any order. Here earlier passages stand before later ones, and stay there.
        order = scores.sort(dim=1, descending=True, stable=True).indices[:, : self._top]
        self._scores, self.passages = scores.gather(1, order), passages.gather(1, order)


def run(job: RankJob, progress: Progress) -> JobResult:
    """Write `ranking.jsonl`: for each question, in the order of the files, the indices of its best passages in the pool."""
    spec = job.rank
    questions = read_questions(job.question_files)
    passages = count_passages(job.passages_file)
    encoder = load_encoder(job.encoder, spec.max_tokens)
    tokens, clock = 0, tokens_per_second()

    def embed(texts: list[str], phase: str, done: int, total: int, unit: str) -> torch.Tensor:
        nonlocal tokens
        embedded = encoder.embed(texts, spec.batch_size, lambda more: progress.report(phase, done + more, total, unit))
        tokens += embedded.tokens
        return normalize(embedded.vectors, dim=1) if spec.similarity == "cosine" else embedded.vectors

    best: list[Best] = []
    for start in range(0, len(questions), QUESTIONS):
        texts = [spec.question_prefix + row.question for row in questions[start : start + QUESTIONS]]
        best.append(Best(embed(texts, "embedding questions", start, len(questions), "questions"), spec.top))
    first = 0
    for block in read_passages(job.passages_file, PASSAGES):
        texts = [spec.passage_prefix + passage.whole for passage in block]
        vectors = embed(texts, "ranking passages", first, passages, "passages")
        for group in best:
            group.add(vectors, first)
        first += len(block)

    ranked = [numbers for group in best for numbers in group.passages.tolist()]
    rows = ({"id": row.id, "question": row.question, "passages": numbers} for row, numbers in zip(questions, ranked, strict=True))
    write_jsonl(Path(job.output_dir) / "ranking.jsonl", rows)
    summary = {"questions": len(questions), "passages": passages, "top": min(spec.top, passages), "width": encoder.width}
    return JobResult(summary, clock(tokens))
