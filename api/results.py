"""Results of runs: their files, the folders of this machine that they are laid out in, and, for those who need no questions answered, opened in memory."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from allocator import Opened
from api.answering.papers import EDITION
from api.answering.ready import ready_name, without_ready
from api.answering.subject import Subject, opened_from
from api.problems import ProblemError
from api.service import Service
from api.store.blobs import load
from api.store.tables import datasets, run_files

MOST_BYTES = 500_000_000
"""About how much memory the opened results of a process may take; the least recently used goes first, the newest stays in any case."""
PAPER_SECONDS = 300.0
"""Longest time for a workbook, a page, an archive."""

_kept: OrderedDict[str, tuple[Opened, int]] = OrderedDict()
_opening = threading.Lock()


def result_files(service: Service, run_id: str) -> dict[str, str]:
    """The files of a run's result: names and hashes; empty where it has none."""
    with service.store.read() as connection:
        return dict(connection.execute(sa.select(run_files.c.name, run_files.c.sha256).where(run_files.c.run_id == run_id)).all())


def files_of_result(service: Service, run: Mapping[str, Any]) -> dict[str, str]:
    """The files of a run's result: names and hashes; ProblemError where it has none, or none any more."""
    if run["purged_at"] is not None:
        service.papers.forget(run["id"])
        raise ProblemError("gone", f"The result of run {run['id']!r} was deleted after its time.")
    files = result_files(service, run["id"])
    if "result.json" not in files:
        raise ProblemError("conflict", f"Run {run['id']!r} is {run['status']} and has no result.")
    return files


def result_folder(service: Service, run: Mapping[str, Any]) -> Path:
    """The folder with a run's result; ProblemError where it has none, or none any more."""
    return service.folders.folder(without_ready(files_of_result(service, run)))


def result_file(service: Service, run: Mapping[str, Any], name: str) -> bytes:
    """One file of a run's result; ProblemError where there is no result."""
    files = files_of_result(service, run)
    with service.store.read() as connection:
        return load(connection, files[name])


def job_of_run(service: Service, run: Mapping[str, Any]) -> dict[str, Any]:
    """A run's job with its facts and its reference laid out in folders."""
    job = {**run["job"], **job_of_dataset(service, run["dataset_id"])}
    if run["reference_run"] is not None:
        reference = result_files(service, run["reference_run"])["assignments.csv"]
        job["reference"] = str(service.folders.folder({"assignments.csv": reference}) / "assignments.csv")
    return job


def job_of_dataset(service: Service, dataset_id: str) -> dict[str, Any]:
    """A dataset laid out in a folder, and its day."""
    with service.store.read() as connection:
        row = connection.execute(sa.select(datasets.c.files, datasets.c.as_of).where(datasets.c.id == dataset_id)).one()
    as_of: date = row.as_of
    try:
        return {"scenario": str(service.folders.folder(row.files)), "as_of": as_of.isoformat()}
    except KeyError:
        raise ProblemError("gone", f"The facts in dataset {dataset_id!r} were deleted after their time.") from None


def subject_of(service: Service, run: Mapping[str, Any]) -> Subject:
    """A run to ask questions about; ProblemError where it has no result."""
    return Subject(run["id"], job_of_run(service, run), str(result_folder(service, run)))


def open_run(service: Service, run: Mapping[str, Any]) -> Opened:
    """A run's result with its facts; ProblemError where it has no result, or none any more, though it may be in memory still."""
    key = f"{service.store.url} {run['id']}"
    if run["purged_at"] is not None:
        with _opening:
            _kept.pop(key, None)
    files = files_of_result(service, run)
    with _opening:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key][0]
    opened = opened_from(job_of_run(service, run), service.folders.folder(without_ready(files)))
    with _opening:
        _kept[key] = opened, _size(opened)
        while len(_kept) > 1 and sum(size for _, size in _kept.values()) > MOST_BYTES:
            _kept.popitem(last=False)
    return opened


def _size(opened: Opened) -> int:
    """About the bytes that a result takes when its pairs and its program are there: tables as they are, and what is made of each pair."""
    tables = sum(int(frame.memory_usage(deep=True).sum()) for frame in (*opened.scenario.tables.values(), opened.result.assignments))
    return 2 * tables + 200 * opened.result.considered


def tag_of_result(service: Service, run: Mapping[str, Any], *of: object) -> str:
    """The ETag of something made of a run's result, which never changes, but may be made in another way by another edition of the program."""
    told = [files_of_result(service, run)["result.json"], EDITION, *map(str, of)]
    return f'"{hashlib.sha256(chr(10).join(told).encode()).hexdigest()[:24]}"'


def paper(service: Service, run: Mapping[str, Any], name: str, question: str, **arguments: Any) -> Path:
    """A file made of a run's result, once: by its solver, which has made some, or by one who answers questions.

    ProblemError where there is no result, or nobody is free to make it.
    """
    files = files_of_result(service, run)

    def made() -> bytes:
        if (ready := files.get(ready_name(name))) is not None:
            with service.store.read() as connection:
                return load(connection, ready)
        return service.answerers.ask(question, [subject_of(service, run)], arguments, kind="paper", seconds=PAPER_SECONDS)

    return service.papers.get(run["id"], name, made)
