"""From the files to the files: read the tables and the policy, find pairs, build, solve, check, explain, write. What `ojt allocate` does, without its table."""

from __future__ import annotations

import tempfile

from allocator.layers import load_policy
from allocator.read import read_scenario
from allocator.result import write_result
from allocator.solve import solve as whole_run
from benchmarks.instances import Instance
from benchmarks.peer import Answer, Laps, Terms
from benchmarks.peers.ours import load_engines


def solve(instance: Instance, terms: Terms, laps: Laps) -> Answer:
    """Seconds by phase, as the product tells them; nothing is left out between reading and having written."""
    load_engines()
    with laps("read"):
        scenario = read_scenario(instance.scenario)
        policy = load_policy(instance.scenario / "policy.toml")
    result = whole_run(scenario, policy, seed=terms.seed, time_limit=terms.limit, gap=terms.gap, engine=terms.engine)
    laps.seconds.update(result.timings)
    with laps("write"), tempfile.TemporaryDirectory() as folder:
        write_result(result, folder)
    goal = result.goals[-1]
    scale = 100 if goal.kind == "match_quality" else 1
    value, bound = (None if number is None else round(float(number) * scale) for number in (goal.value, goal.bound))
    return Answer(None, bound, f"{result.status}, {result.stop_reason}, verified {result.verified}", value, {"engine": result.engine, "placed": result.placed})
