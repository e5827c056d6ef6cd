"""Examples of tasks and conditions that someone added are read like those of the paper."""

from __future__ import annotations

import pytest

from needlework_trainer.data import Example

BASE = {
    "id": "a", "condition": "terse", "split": "train", "prompt": "p", "answer": "[3][7]", "answers": ["[3][7]"],
    "question": "q", "needles": [{"start": 0, "end": 1}], "answerSpans": [], "promptTokens": 1,
}


@pytest.mark.parametrize(
    ("task", "answer", "cites"),
    [("summhay", "[3][7]", True), ("ledger", "[3][7]", True), ("ledger", "37", False), ("mdqa", "[3][7]", False)],
)
def test_an_answer_cites_documents_where_its_task_does(task: str, answer: str, cites: bool) -> None:
    example = Example.model_validate(BASE | {"task": task, "answer": answer, "answers": [answer]})
    assert example.cites is cites
