"""The fixed sentences of the paper's training prompts (B.1 and B.2), as lower-case words."""

PASSAGES_HEAD = "the following are given passages .".split()
PASSAGES_TASK = (
    "answer the question based on the given passages . "
    "only give me the answer and do not output any other words ."
).split()
DOCUMENTS_HEAD = "the following are given documents .".split()
DOCUMENTS_TASK = (
    "for the given statement , identify the documents that contain the information by citing the numbers "
    "associated with those documents in brackets . only output the answer and do not output any other words ."
).split()
QUESTION = ["question", ":"]
STATEMENT = ["statement", ":"]
ANSWER = ["answer", ":"]
