"""The stages of a sweep on Dagster: one job of ops, run in its own process, as fast as it gets, on an instance on disk.

`dagster_dag.py DAG.json FOLDER|s3://BUCKET/PREFIX`: waits for lines on stdin, runs the job once for each, and says how long it took. Dagster keeps no
results from run to run by itself, so an op looks whether its artifact is there, as people write it.
"""

import json
import sys
import time
from pathlib import Path

from artifact_place import open_place
from dagster import DagsterInstance, DependencyDefinition, GraphDefinition, In, MultiDependencyDefinition, Nothing, OpDefinition, Out, Output

dag = json.loads(Path(sys.argv[1]).read_text())
place = open_place(sys.argv[2])


def op_for(node: dict) -> OpDefinition:
    def compute(_context, _inputs):
        if not place.exists(node["id"]):
            for name in node["inputs"]:
                place.read(name)
            place.write(node["id"], "contents")
        yield Output(None, "done")

    return OpDefinition(compute_fn=compute, name=node["id"], ins={"after": In(Nothing)} if node["inputs"] else {}, outs={"done": Out(Nothing)})


job = GraphDefinition(
    name="sweep",
    node_defs=[op_for(node) for node in dag],
    dependencies={node["id"]: {"after": MultiDependencyDefinition([DependencyDefinition(name, "done") for name in node["inputs"]])} if node["inputs"] else {} for node in dag},
).to_job()
instance = DagsterInstance.get()
print(json.dumps({"ready": True}), flush=True)
for _ in sys.stdin:
    started = time.perf_counter()
    result = job.execute_in_process(instance=instance)
    assert result.success
    print(json.dumps({"stages": len(dag), "seconds": time.perf_counter() - started}), flush=True)
