"""The stages of a sweep on Prefect: tasks with futures, its default runner (threads), its own cache by inputs.

`prefect_dag.py DAG.json FOLDER|s3://BUCKET/PREFIX`: waits for lines on stdin, runs the flow once for each, and says how long it took. Prefect's own
server, which it starts by itself, is up before the first.
"""

import json
import sys
import time
from pathlib import Path

from artifact_place import open_place
from prefect import flow, task
from prefect.cache_policies import INPUTS

dag = json.loads(Path(sys.argv[1]).read_text())
place = open_place(sys.argv[2])


@task(persist_result=True, cache_policy=INPUTS)
def stage(node: str, inputs: list[str]) -> str:
    for name in inputs:
        place.read(name)
    place.write(node, "contents")
    return node


@flow
def sweep() -> int:
    futures: dict[str, object] = {}
    for node in dag:
        futures[node["id"]] = stage.submit(node["id"], [futures[name] for name in node["inputs"]])
    return len([future.result() for future in futures.values()])


@flow
def warm_up() -> None:
    """Starts the server, and waits until it answers."""


warm_up()
print(json.dumps({"ready": True}), flush=True)
for _ in sys.stdin:
    started = time.perf_counter()
    count = sweep()
    print(json.dumps({"stages": count, "seconds": time.perf_counter() - started}), flush=True)
