"""Results of runs as the library opens them: from the store into a folder of this machine, and from there into memory, where a few stay."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from allocator import Opened
from allocator.inputs import Inputs
from allocator.stored import read_result
from api.problems import ProblemError
from api.service import Service
from api.solving.child import inputs_of
from api.store.tables import datasets, run_files

KEPT = 8
"""Opened results kept in the memory of a process; the least recently used goes first."""

_kept: OrderedDict[str, Opened] = OrderedDict()
_opening = threading.Lock()


def result_files(service: Service, run_id: str) -> dict[str, str]:
    """The files of a run's result: names and hashes; empty where it has none."""
    with service.store.read() as connection:
        return dict(connection.execute(sa.select(run_files.c.name, run_files.c.sha256).where(run_files.c.run_id == run_id)).all())


def result_folder(service: Service, run: Mapping[str, Any]) -> Path:
    """The folder with a run's result; ProblemError where it has none, or none any more."""
    if run["purged_at"] is not None:
        raise ProblemError("gone", f"The result of run {run['id']!r} was deleted after its time.")
    files = result_files(service, run["id"])
    if "result.json" not in files:
        raise ProblemError("conflict", f"Run {run['id']!r} is {run['status']} and has no result.")
    return service.folders.folder(files)


def inputs_of_run(service: Service, run: Mapping[str, Any]) -> Inputs:
    """The facts and wishes of a run, read anew."""
    with service.store.read() as connection:
        files = connection.execute(sa.select(datasets.c.files).where(datasets.c.id == run["dataset_id"])).scalar_one()
    job = {**run["job"], "scenario": str(service.folders.folder(files))}
    if run["reference_run"] is not None:
        reference = result_files(service, run["reference_run"])["assignments.csv"]
        job["reference"] = str(service.folders.folder({"assignments.csv": reference}) / "assignments.csv")
    return inputs_of(job)


def open_run(service: Service, run: Mapping[str, Any]) -> Opened:
    """A run's result with its facts; ProblemError where it has no result."""
    key = f"{service.store.url} {run['id']}"
    with _opening:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    folder = result_folder(service, run)
    opened = Opened.of(inputs_of_run(service, run).scenario, read_result(folder))
    with _opening:
        _kept[key] = opened
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return opened
