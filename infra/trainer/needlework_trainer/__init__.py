"""The trainer: a function from a folder with a job to a folder with its results.

It fine-tunes, decodes, scores, masks and patches language models, without network and without knowing where its
inputs came from. `python -m needlework_trainer` takes jobs as JSON lines on stdin; see `protocol`.
"""
