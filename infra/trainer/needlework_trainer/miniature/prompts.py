"""The fixed sentences of the paper's training prompts (B.1 and B.2), as lower-case words."""

PASSAGES_HEAD = "the following are given passages .".split()
PASSAGES_TASK = (
    "answer the question based on the given passages . "
    "only give me the answer and do not output any other words ."
).split()
DOCUMENTS_HEAD = "the following are given documents .".split()
DOCUMENTS_TASK = (
    "for the given statement , identify the documents that contain the information by citing the numbers "
    "associated with those documents in brackets . for example , if the information in the statement is only found in "
    'document 3 , then respond with " [ 3 ] " . if the information is contained in both document 3 and document 7 , then '
    'respond with " [ 3 ] [ 7 ] " . only output the answer and do not output any other words .'
).split()
QUESTION = ["question", ":"]
STATEMENT = ["statement", ":"]
ANSWER = ["answer", ":"]
