"""A run's plan in figures, with its headline: what a night's log and a publication keep of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.answering.figures import Measured
from api.results import PAPER_SECONDS, open_run, subject_of
from api.service import Service

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Figures(Measured):
    """A run's plan in figures, and in a sentence."""

    headline: str


def figures_of(service: Service, run: Row, last_run: Row | None) -> Figures:
    """The figures, found out here: for a worker, whom nobody waits for."""
    found = Measured.of(open_run(service, run), None if last_run is None else open_run(service, last_run))
    return Figures(**vars(found), headline=run["summary"]["headline"])


def ask_figures(service: Service, run: Row, last_run: Row | None) -> Figures:
    """The figures, found out by one who answers questions. ProblemError where a run has no result, or nobody is free to find them out."""
    subjects = [subject_of(service, each) for each in (run, last_run) if each is not None]
    found = json.loads(service.answerers.ask("figures", subjects, {}, kind="paper", seconds=PAPER_SECONDS))
    return Figures(**found, headline=run["summary"]["headline"])
