"""The solver process: reads facts and wishes from folders, solves, writes the result into a folder, and tells its parent how it goes.

It ends when its parent does: the pipe between them closes, and a thread that waits for nothing else ends the process with all that it has started.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

# What follows is heavy, and loaded once by the server that solver processes are forked from.
from allocator.changes import ChangeSet, joined, resolve
from allocator.errors import InputError
from allocator.inputs import Inputs, read_inputs
from allocator.result import CHANGES_FILE, REFERENCE_FILE, Result, write_result
from allocator.solve import solve
from allocator.wording import headline
from api.answering.ready import ready_lists
from api.tracebacks import frames

POLITE = 10
"""How much the solver gives way to the web server (nice)."""


class Teller:
    """Says how the solve goes, and hears whether to end it."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe, self._cancelled = pipe, threading.Event()
        self._speaking = threading.Lock()
        threading.Thread(target=self._hear, daemon=True).start()

    def cancelled(self) -> bool:
        """Whether the parent has asked for the best so far."""
        return self._cancelled.is_set()

    def phase(self, name: str) -> None:
        """A new phase has begun."""
        self.say({"type": "phase", "phase": name})

    def incumbent(self, goal: str, value: float | None, bound: float | None) -> None:
        """A better solution or bound."""
        self.say({"type": "incumbent", "goal": goal, "value": value, "bound": bound})

    def say(self, message: Mapping[str, Any]) -> None:
        """Tell the parent; without one, end."""
        try:
            with self._speaking:
                self._pipe.send_bytes(json.dumps(message, default=str).encode())
        except OSError:
            _end_with_all()

    def _hear(self) -> None:
        while True:
            try:
                if self._pipe.recv_bytes() == b"cancel":
                    self._cancelled.set()
            except (EOFError, OSError):
                _end_with_all()


def _end_with_all() -> None:
    """End this process and those that it has started, at once: nobody waits for them any more."""
    os.killpg(os.getpgid(0), signal.SIGKILL)


def main(job: Mapping[str, Any], pipe: Connection) -> None:
    """Carry a job out; the last message is `done`, `faulty` or `broken`."""
    os.setsid()
    with contextlib.suppress(OSError):
        os.nice(POLITE)
    teller = Teller(pipe)
    try:
        teller.say({"type": "done", **_carried_out(job, teller)})
    except InputError as error:
        teller.say({"type": "faulty", "faults": [fault.as_dict() for fault in error.faults]})
    except BaseException as error:
        teller.say({"type": "broken", "error": type(error).__name__, "trace": frames(error)})
    finally:
        os._exit(0)  # threads of solvers must not hold the process up


def _carried_out(job: Mapping[str, Any], teller: Teller) -> dict[str, Any]:
    if job["kind"] == "sweep_part":
        from api.solving.part import solve_part  # which needs this file

        return solve_part(job, teller)
    return _solved(job, teller)


def _solved(job: Mapping[str, Any], teller: Teller) -> dict[str, Any]:
    teller.phase("read")
    inputs = inputs_of(job)
    result = inputs.placing(
        lambda: solve(
            inputs.scenario,
            inputs.layers.policy,
            seed=job["seed"],
            time_limit=job.get("time_limit"),
            gap=job.get("gap"),
            memory_limit=job.get("memory_gb"),
            engine=job.get("engine", "auto"),
            cancelled=teller.cancelled,
            progress=teller,
        )
    )
    told = {"scenario": "../scenario", "reference": REFERENCE_FILE if job.get("reference") else None, "changes": CHANGES_FILE if inputs.changes else None}
    result = replace(result, inputs=told, warnings=[inputs.layers.placed(fault) for fault in result.warnings])
    teller.phase("write")
    write_result(result, job["out"], inputs.reference, joined(inputs.changes).to_toml() if inputs.changes else "")
    _make_ready(inputs, result, Path(job["out"]), teller)
    return {"summary": summary(result), "status": result.status, "stop_reason": result.stop_reason, "verified": result.verified}


def _make_ready(inputs: Inputs, result: Result, out: Path, teller: Teller) -> None:
    """The lists that are asked for first, beside the result."""
    try:
        for name, content in ready_lists(inputs.scenario, result):
            (out / name).write_bytes(content)
    except Exception as error:  # a result that took an hour must not be lost over a list, which can be made later from it
        teller.say({"type": "unready", "error": type(error).__name__, "trace": frames(error)})


def inputs_of(job: Mapping[str, Any]) -> Inputs:
    """Facts, wishes and changes of a job; InputError with every fault."""
    as_of = datetime.fromisoformat(job["as_of"]) if job.get("as_of") else None
    reference = Path(job["reference"]) if job.get("reference") else None
    base = read_inputs(Path(job["scenario"]), None, None, as_of, reference)
    layers = tuple(ChangeSet.from_dict(layer) for layer in job.get("layers", ()))
    if not layers:
        return base
    after = resolve(base.scenario, base.layers, layers)
    return base._replace(scenario=after.scenario, layers=after.layers, changes=layers, touched=after.touched, base=base)


def summary(result: Result) -> dict[str, Any]:
    """What a list of runs shows of a result."""
    return {
        "headline": headline(result),
        "seekers": result.seekers,
        "openings": result.openings,
        "placed": result.placed,
        "goals": [dict(vars(goal)) for goal in result.goals],
        "digests": dict(result.digests),
        "versions": dict(result.versions),
        "engine": result.engine,
        "bends": len(result.bends),
        "gap": max((goal.gap for goal in result.goals if goal.gap is not None), default=None),
        "unplaced": dict(sorted(Counter(result.unplaced.reason).items())),
    }
