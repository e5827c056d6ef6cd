"""Heads and scores for a sweep whose tables are the paper's: makes heads.json, which paper-sweep.test.ts reads.

For each model and way of tuning, and each task, whole numbers of heads are found for every combination of conditions (that
many heads score above zero after tuning on exactly these), such that the sizes of the sets, their pairwise recalls (Tables
5-10, 14-16), N of the patching tables (3, 11, 18; of the symmetric difference) and the mean scores of intersection and
complement (12, 19; scores of the real-data model over the sets that section 5 defines) print as the paper's: a mixed-integer
program that gives up as few printed numbers as it can, and prints which. The tasks' heads are then laid over each other so
that the cosines across tasks (2, 17) print as the paper's.

    eval "$(node infra/setup/needlework.mjs env)" && "$NEEDLEWORK_PYTHON_ENV" test/activities/report/paper-sweep/heads.py
"""

import itertools
import json
import pathlib

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp, nnls

HERE = pathlib.Path(__file__).parent
TABLES = json.loads((HERE.parents[3] / "activities/paper/tables.json").read_text())["tables"]
LAYERS, HEADS = 32, 32
ALL = LAYERS * HEADS
SETTINGS = [("llama3", "attention"), ("mistral", "attention"), ("llama3", "all")]
TASKS = ["mdqa", "musique", "summhay"]
# Half a unit of the last printed digit. Some of the paper's recalls lie there exactly: 31 of 40 heads are printed as 0.78.
PRINTED = 0.005 + 1e-7
FINE = 0.0005 - 1e-6
# Any head that counts scores at least so much, and none more than that.
LOWEST, HIGHEST = 0.002, 0.9


def cells_of(model, modules, task, *measures):
    cells = [cell for table in TABLES if table["modules"] == modules for cell in table["cells"]]
    return [cell for cell in cells if (cell["model"], cell["task"]) == (model, task) and cell["measure"] in measures]


class Program:
    """Minimise the number of printed numbers given up, subject to rows over three kinds of variables."""

    def __init__(self, subsets, printed):
        self.subsets, self.real = subsets, [s for s in subsets if "real" in s]
        self.sizes = [len(self.subsets), len(self.real), printed]
        self.rows, self.low, self.high = [], [], []

    def add(self, low, high, heads=lambda s: 0, scores=lambda s: 0, printed=None):
        """`heads` and `scores` give the factors of a subset's number of heads and of their total real-data score."""
        slack = np.zeros(self.sizes[2])
        for sign, bound in ((1, low), (-1, high)):
            if not np.isfinite(bound):
                continue
            if printed is not None:
                slack[printed] = sign * 3 * ALL
            self.rows.append(np.concatenate([[heads(s) for s in self.subsets], [scores(s) for s in self.real], slack]))
            self.low.append(bound if sign > 0 else -np.inf)
            self.high.append(bound if sign < 0 else np.inf)

    def solve(self):
        heads, scores, printed = self.sizes
        cost = np.repeat([0, 0, 1], self.sizes)
        found = milp(
            cost,
            constraints=LinearConstraint(np.array(self.rows), self.low, self.high),
            integrality=np.repeat([1, 0, 1], self.sizes),
            bounds=Bounds(0, np.repeat([np.inf, np.inf, 1], self.sizes)),
        )
        if found.x is None:
            raise RuntimeError(found.message)
        return np.split(found.x, [heads, heads + scores])


def sets_of(model, modules, task):
    """Heads as (conditions in which they score, real-data score), and the numbers of the paper that they do not give."""
    sizes = {cell["condition"]: int(cell["value"]) for cell in cells_of(model, modules, task, "heads")}
    subsets = [frozenset(s) for k in range(1, len(sizes) + 1) for s in itertools.combinations(sizes, k)]
    printed = cells_of(model, modules, task, "recall", "meanIntersection", "meanComplement", "n")
    program = Program(subsets, len(printed))
    for name, size in sizes.items():
        program.add(size, size, lambda s: name in s)
    program.add(0, ALL, lambda s: 1)
    recall_of_real = {cell["condition"]: cell["value"] for cell in printed if cell["measure"] == "recall" and cell["against"] == "real"}
    for at, cell in enumerate(printed):
        value, name = cell["value"], cell["condition"]
        if cell["measure"] == "recall":
            other = cell["against"]
            program.add((value - PRINTED) * sizes[other], (value + PRINTED) * sizes[other], lambda s: name in s and other in s, printed=at)
        elif cell["measure"] == "n":
            name = "limited-L1" if task == "mdqa" and name == "limited" else name
            shared = recall_of_real[name] * sizes["real"]
            if sizes["real"] + sizes[name] - 2 * shared < shared:
                program.add(value, value, lambda s: ("real" in s) != (name in s), printed=at)
            else:
                program.add(value, value, lambda s: "real" in s and name in s, printed=at)
        else:
            chosen = lambda s: "real" in s and (name in s) == (cell["measure"] == "meanIntersection")
            program.add(0, np.inf, lambda s: -(value - FINE) * chosen(s), chosen, at)
            program.add(-np.inf, 0, lambda s: -(value + FINE) * chosen(s), chosen, at)
    for subset in program.real:
        program.add(0, np.inf, lambda s: -2 * LOWEST * (s == subset), lambda s: s == subset)
        program.add(-np.inf, 0, lambda s: -HIGHEST / 4 * (s == subset), lambda s: s == subset)
    counts, totals, given_up = program.solve()
    total = dict(zip(program.real, totals))
    heads = []
    for subset, count in zip(subsets, np.rint(counts).astype(int)):
        heads += [(subset, score) for score in spread(count, total.get(subset, 0))]
    return list(sizes), heads, [cell for cell, up in zip(printed, given_up) if up > 0.5]


def spread(count, total):
    """As many scores with that total, falling: few heads score high and many little."""
    if count == 0 or total == 0:
        return np.zeros(count)
    weights = (1 - np.arange(count) / count) ** 2
    return LOWEST + (total - count * LOWEST) * weights / weights.sum()


def cosine(a, b):
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


def laid_over(scores, others, targets, random):
    """A permutation of the scores whose cosines with the others are the targets: swaps that come nearer, until it is near enough."""
    order = random.permutation(ALL)
    if len(others) == 1:
        # High ones on high ones to begin with: cosines across tasks of one kind are high.
        order[np.argsort(-others[0], kind="stable")] = np.argsort(-scores, kind="stable")
    off = lambda order: sum((cosine(scores[order], other) - target) ** 2 for other, target in zip(others, targets))
    best = off(order)
    for _ in range(200_000):
        if best < 0.002**2:
            return order
        a, b = random.choice(np.flatnonzero(scores[order])), random.integers(ALL)
        order[[a, b]] = order[[b, a]]
        now = off(order)
        if now < best:
            best = now
        else:
            order[[a, b]] = order[[b, a]]
    raise RuntimeError(f"cosines {targets} are not reached, off by {np.sqrt(best)}")


def with_cosines(others, targets, random):
    """Scores ≥ 0 with these cosines: the shortest such part, and the rest of the length on heads that score nowhere else."""
    directions = np.array([other / np.linalg.norm(other) for other in others])
    exactly = 1e4
    part, _ = nnls(np.vstack([exactly * directions, np.eye(ALL)]), np.concatenate([exactly * np.array(targets), np.zeros(ALL)]))
    unscored = directions.sum(axis=0) == 0
    part[unscored] = 0
    rest = 1 - part @ part
    if rest < 0:
        raise RuntimeError(f"cosines {targets} cannot hold together: the shortest vector has length {np.sqrt(part @ part)}")
    free = random.permutation(np.flatnonzero(unscored))[:100]
    part[free] = np.sqrt(rest / len(free))
    return part


def setting_of(model, modules):
    random = np.random.default_rng(1)
    cosines = {}
    for task in TASKS:
        for cell in cells_of(model, modules, task, "cosine"):
            cosines[task, cell["score"], cell["againstTask"], cell["againstScore"]] = cell["value"]
    tasks, vectors = {}, {}
    for task in TASKS:
        names, heads, given_up = sets_of(model, modules, task)
        for cell in given_up:
            print(model, modules, "given up:", cell)
        heads += [(frozenset(), 0.0)] * (ALL - len(heads))
        scores = np.array([score for _, score in heads])
        kind = "insight" if task == "summhay" else "retrieval"
        before = list(vectors)
        order = laid_over(scores, [vectors[each] for each in before], [cosines[task, kind, *each] for each in before], random) if before else random.permutation(ALL)
        vectors[task, kind] = scores[order]
        found = [
            [at // HEADS, at % HEADS, sum(1 << bit for bit, name in enumerate(names) if name in heads[head][0]), round(heads[head][1], 6)]
            for at, head in enumerate(order)
            if heads[head][0]
        ]
        tasks[task] = {"conditions": names, "heads": found}
    retrieval = with_cosines(list(vectors.values()), [cosines["summhay", "retrieval", *each] for each in vectors], random)
    retrieval *= HIGHEST / retrieval.max() / 2
    also = [[at // HEADS, at % HEADS, round(score, 6)] for at, score in enumerate(retrieval) if score > 1e-6]
    return {"model": model, "modules": modules, "layers": LAYERS, "headsPerLayer": HEADS, "tasks": tasks, "summhayRetrieval": also}


if __name__ == "__main__":
    settings = [setting_of(model, modules) for model, modules in SETTINGS]
    lines = json.dumps(settings, separators=(",", ":")).replace('{"conditions"', '\n{"conditions"').replace('"summhayRetrieval"', '\n"summhayRetrieval"')
    (HERE / "heads.json").write_text(lines + "\n")
