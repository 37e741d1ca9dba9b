"""One measurement in a fresh process: seconds by phase, peak memory, and a value and gap that are worked out again, whatever the solver said.

As a program (`python -m benchmarks.process`) it is the child: a job as JSON on stdin, the measurement as JSON in the file that the job names.
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.instances import ROOT, Instance, Spec
from benchmarks.peer import Answer, Laps, NotApplicableError, Terms, peer

GRACE = 180.0
"""Seconds beyond the limit for loading, building and ending, after which a child is killed."""
ADDRESS_SPACE = 18 << 30
"""Bytes a child may map: whoever needs more ends with an error instead of the machine."""

Measurement = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """A peer, an instance (its specification and its folder) and the terms."""

    peer: str
    spec: str
    folder: str
    terms: Terms
    solves: int = 1
    """How often the limit may be used up: a loop of solves has it for each."""


def measure(job: Job, grace: float = GRACE) -> Measurement:
    """The measurement of a job, by a child that is killed, with what it started, when it does not end."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "measurement.json"
        child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.process", str(target)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True, text=True,
        )  # fmt: skip
        try:
            _, errors = child.communicate(json.dumps(asdict(job)), timeout=job.terms.limit * job.solves + grace)
        except subprocess.TimeoutExpired:
            return {"status": "killed", "said": f"no end {grace:.0f} s after the limit"}
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.communicate()
        if target.exists():
            found: Measurement = json.loads(target.read_text("utf-8"))
            return found
        last = errors.strip().splitlines()[-1:] or [f"ended with {child.returncode}"]
        return {"status": "error", "said": last[0][:200]}


def run(job: Job) -> Measurement:
    """The measurement of a job, in this process."""
    instance, laps = Instance(Spec.parse(job.spec), Path(job.folder)), Laps()
    try:
        answer = peer(job.peer).solve(instance, job.terms, laps)
    except NotApplicableError as reason:
        return {"status": "not applicable", "said": str(reason)}
    # Before judging, which needs memory of its own.
    peak = peak_memory()
    found = {**judged(instance, answer, job.terms), "peak_mb": round(peak, 1), "said": answer.said}
    phases = {phase: round(seconds, 4) for phase, seconds in laps.seconds.items()}
    rest = sum(seconds for phase, seconds in phases.items() if phase not in ("load", "build", "solve"))
    seconds = {f"{phase}_s": phases.get(phase, 0.0) for phase in ("load", "build", "solve")}
    total = round(seconds["build_s"] + seconds["solve_s"] + rest, 4)
    size = {"pairs": len(instance.program.pairs), "rows": instance.program.row_count}
    return {**size, **found, **seconds, "total_s": total, "phases": phases if rest else {}, "facts": dict(answer.facts)}


def judged(instance: Instance, answer: Answer, terms: Terms) -> Measurement:
    """Value, bound, gap and status. The value is counted again and rows are judged in exact integers; the bound is the solver's claim.

    proved: the gap is as small as was asked for. feasible: a solution, its gap larger. rules broken: no solution of this program.
    """
    value, broken = answer.value, 0
    if answer.columns is not None:
        # Engines may know columns that peers do not: those of promises that fall short. The last goal is about pairs only.
        program = instance.program if len(answer.columns) == instance.program.size else instance.whole
        value = program.objectives[-1].value(answer.columns)
        outside = bool(((answer.columns < 0) | (answer.columns > program.upper)).any())
        broken = sum(1 for _ in program.broken_rows(answer.columns)) + outside
        broken += sum(objective.value(answer.columns) != 0 for objective in program.objectives[:-1])
    bound = answer.bound if answer.bound is not None and math.isfinite(answer.bound) else None
    gap = None if value is None or bound is None else abs(bound - value) / max(abs(bound), 1)
    facts = {"value": value, "bound": bound, "gap": gap, "broken": broken}
    if value is None:
        return {"status": "no solution", **facts}
    if broken:
        return {"status": "rules broken", **facts}
    # Solvers relate the gap to the value, we to the bound: a hair more is the same promise.
    return {"status": "proved" if gap is not None and gap <= terms.gap * 1.01 + 1e-12 else "feasible", **facts}


def peak_memory() -> float:
    """Most megabytes that this process, or the largest that it started, has held at any time.

    Linux counts the parent's memory in `ru_maxrss` of a child that was just forked; its own mark is in /proc.
    """
    unit = 1 if sys.platform == "darwin" else 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    status = Path("/proc/self/status")
    if status.exists():
        own = next((int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM")), own)
    return float(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit)) / 1e6


def main() -> None:
    """The child."""
    said = json.loads(sys.stdin.read())
    job = Job(said["peer"], said["spec"], said["folder"], Terms(**said["terms"]), said["solves"])
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    Path(sys.argv[1]).write_text(json.dumps(run(job), default=_plain), "utf-8")


def _plain(value: object) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(type(value).__name__)


if __name__ == "__main__":
    main()
