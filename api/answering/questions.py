"""What can be asked of runs that are open: each question calls the library and gives its answer as bytes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from fractions import Fraction
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from allocator.against import against
from allocator.change_curve import change_curve
from allocator.compare import Side, compare
from allocator.csv_tables import csv_bytes
from allocator.domain import PROTECTED, TABLES
from allocator.engines.base import Clock
from allocator.equity import VERDICTS, equity
from allocator.errors import Fault, InputError
from allocator.evaluate import Evaluation, Evaluator
from allocator.explanations.explanation import Explanation
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.read import frames_to_scenario
from allocator.report.page import page
from allocator.report.sections import sections
from allocator.report_tables import Material, report_table_of, report_tables
from allocator.semantics import reservation_reports
from allocator.settled import settled
from allocator.stability import stability
from allocator.variants import Terms
from allocator.workbook import workbook
from api.answering.bundle import bundle, packed
from api.answering.figures import Measured
from api.answering.opened import Held
from api.answering.tables import arrow_file

Register = Literal["internal", "seeker"]
Language = Literal["en", "es"]
Pairs = Sequence[tuple[str, str]]
BESIDE = 6
"""Runs beside another that are remembered; a comparison has five at most."""
READING_GAP, READING_SECONDS = Fraction(1, 1_000), 6.0
"""How well, and how long at most, each other reading of a promise is solved: it is read by people who choose, and says where it is not proved."""


def open_run(held: Held) -> bytes:
    """Nothing yet: the run is opened for the questions that follow."""
    held.open()
    return b""


# -- why ------------------------------------------------------------------------------------------------------------


def explain_seeker(held: Held, *, seeker_id: str, register: Register, language: Language, seconds: float, spoken: bool = False) -> bytes:
    """Why this person is where they are; `spoken` where it is also to be told what may be said to them, in every language."""

    def answer() -> Mapping[str, Any]:
        found = held.explainer.seeker(seeker_id)
        return {**found.as_dict(register, language), **({"spoken": {each: _spoken(found, each) for each in get_args(Language)}} if spoken else {})}

    return _timed(held, seconds, answer)


def _spoken(found: Explanation, language: Language) -> dict[str, str | None]:
    return {"sentence": found.sentence("seeker", language), "fix": None if found.fix is None else found.fix.as_dict("seeker", language)["sentence"]}


def explain_pair(held: Held, *, seeker_id: str, slot_id: str, register: Register, language: Language, seconds: float) -> bytes:
    """Why this person does not hold this slot."""
    return _timed(held, seconds, lambda: {**held.explainer.why_not(seeker_id, slot_id).as_dict(register, language), "slot_id": slot_id})


def explain_slot(held: Held, *, slot_id: str, seconds: float) -> bytes:
    """Why this slot is full, or has openings left."""
    return _timed(held, seconds, lambda: held.explainer.slot(slot_id).as_dict())


def explain_rule(held: Held, *, label: str, seconds: float) -> bytes:
    """What a rule asks, reaches and costs, line by line."""
    return _timed(held, seconds, lambda: {"items": [line.as_dict() for line in held.explainer.rule(label)]})


def semantics(held: Held, *, label: str) -> bytes:
    """What a reservation did, and what every other reading of it would have done."""
    (report,) = reservation_reports(held.opened, label, terms=Terms(READING_GAP, READING_SECONDS, lottery=False))
    return told(report.as_dict())


def inversions(held: Held) -> bytes:
    """Who of a higher tier waits while a lower one holds a slot that they could take."""
    return told(held.explainer.inversions().as_dict())


def _timed(held: Held, seconds: float, answer: Callable[[], Mapping[str, Any]]) -> bytes:
    held.explainer.limit(seconds)
    started = time.monotonic()
    document = dict(answer())
    return told({**document, "time_limit": seconds, "seconds": round(time.monotonic() - started, 3)})


# -- what if, who else ----------------------------------------------------------------------------------------------


def evaluate_run(held: Held, *, assignments: Pairs) -> bytes:
    """A plan under the facts and the policy of a run, and its distance to what the run found."""
    evaluation = held.evaluator.evaluate(assignments)
    result = held.opened.result
    return _evaluation(evaluation, against(evaluation, result).as_dict() if result.verified else None)


def evaluate_facts(held: Held, *, assignments: Pairs, seed: int) -> bytes:
    """A plan under the facts and the policy of a scenario or of a dataset."""
    if held.judge is None or held.judge.problem.seed != seed:
        held.judge = Evaluator(settled(held.inputs.problem(seed)))
    return _evaluation(held.judge.evaluate(assignments), None)


def evaluate_tables(*, tables: Mapping[str, Sequence[Mapping[str, Any]]], policy: Mapping[str, Any], as_of: str, assignments: Pairs) -> bytes:
    """A plan under facts and a policy that came with the question."""
    unknown = [Fault("unknown_table", f"There is no table {name!r}.", f"Tables: {', '.join(TABLES)}.", value=name) for name in tables if name not in TABLES]
    if unknown:
        raise InputError(unknown)
    frames = {name: pd.DataFrame(list(records)) for name, records in tables.items()}
    scenario = frames_to_scenario(frames, as_of=date.fromisoformat(as_of), name="evaluation")
    return _evaluation(Evaluator(Problem(scenario, Policy.from_dict(policy))).evaluate(assignments), None)


def _evaluation(evaluation: Evaluation, distance: Mapping[str, Any] | None) -> bytes:
    document = evaluation.as_dict()
    document["digests"]["policy"] = evaluation.policy.digest
    return told({**document, "digest": evaluation.scenario_digest, "against": distance})


def recommend(held: Held, *, seeker_id: str | None, slot_id: str | None, k: int, exactly: bool, seconds: float) -> bytes:
    """The best slots for a seeker, or the best seekers for a slot; exact costs as far as the time for all of them goes."""
    started = time.monotonic()
    answer = held.recommender.recommend(seeker_id=seeker_id, slot_id=slot_id, k=k)
    if exactly:
        clock, candidates = Clock(seconds), []
        for one in answer.candidates:
            left = max(0.05, seconds - (time.monotonic() - clock.started))
            candidates.append(replace(one, exact=held.recommender.exactly(one.seeker_id, one.slot_id, seconds=left)))
        answer = replace(answer, candidates=candidates)
    return told({**answer.as_dict(), "seconds": round(time.monotonic() - started, 3)})


# -- side by side ---------------------------------------------------------------------------------------------------


def comparison(
    base: Held,
    *others: Held,
    names: Sequence[str],
    abouts: Sequence[str],
    only_differences: bool,
    changes: Sequence[str] = (),
    start: int = 0,
    limit: int | None = None,
    following: str | None = None,
) -> bytes:
    """Runs against one of them; of the people in each, those to whom one of `changes` happens (or all), `limit` of them (or all) from `start` on.

    `following` is the cursor that is told where there are more.
    """
    first, *rest = zip(names, abouts, (base, *others), strict=True)
    compared = [_beside(first, each, only_differences) for each in rest]
    sides = [{name: value for name, value in each.items() if name != "base"} for each in compared]
    for side in sides:
        found = [person for person in side["people"] if person["change"] in changes] if changes else side["people"]
        side["people_total"], side["people"] = len(found), found[start:][:limit]
    more = any(side["people_total"] > start + len(side["people"]) for side in sides)
    return told({"base": compared[0]["base"], "comparisons": sides, "next_cursor": following if more else None})


def _beside(base: tuple[str, str, Held], other: tuple[str, str, Held], only_differences: bool) -> dict[str, Any]:
    """Two runs side by side, worked out once."""
    known, key = base[2].beside, (*base[:2], *other[:2], str(only_differences))
    if key not in known:
        sides = [replace(Side.of(name, held.opened), about=about) for name, about, held in (base, other)]
        known[key] = compare(*sides).as_dict(only_differences=only_differences)
    known.move_to_end(key)
    while len(known) > BESIDE:
        known.popitem(last=False)
    return known[key]


def figures(held: Held, last: Held | None = None) -> bytes:
    """A plan in figures, checked anew; with another run's, what became of the people in between."""
    return told(asdict(Measured.of(held.opened, None if last is None else last.opened)))


def equity_report(*held: Held) -> bytes:
    """Selection rates by group; of two runs, side by side."""
    opened = [each.opened for each in held]
    if not any(one.scenario.has(PROTECTED) for one in opened):
        fix = "Upload demographics with seeker_id and the attributes that are recorded."
        raise InputError([Fault("no_demographics", "The facts have no table demographics, so there are no groups to compare.", fix)])
    report = equity(*(one.plan for one in opened), pairs=[one.program.pairs for one in opened])
    return told({**report.as_dict(), "verdicts": VERDICTS})


def stability_report(held: Held, *, seconds: float, each: float, curve: bool) -> bytes:
    """Who moved against the run's reference, and why; with `curve`, what it would cost to move fewer."""
    opened = held.opened
    report = stability(opened, clock=Clock(seconds), each=each)
    if curve:
        report = replace(report, curve=change_curve(opened, clock=Clock(seconds, Fraction(opened.policy.limits.gap)), each=each))
    return told(report.as_dict())


# -- papers ---------------------------------------------------------------------------------------------------------


def as_workbook(held: Held, *, by_demographics: bool) -> bytes:
    """The team's workbook."""
    tables = report_tables(Material.of(held.opened), by_demographics=by_demographics)
    return workbook(tables, as_of=held.opened.scenario.as_of, title=f"OJT assignments, {held.opened.scenario.name}")


def as_page(held: Held, *, by_demographics: bool, people: bool) -> bytes:
    """The page with charts."""
    return page(held.opened, sections(held.opened, people=people, by_demographics=by_demographics)).encode()


def as_table(held: Held, *, table: str) -> bytes:
    """One table as an Arrow file."""
    return arrow_file(report_table_of(Material.of(held.opened), table))


def as_sheets(held: Held) -> bytes:
    """Workbook, page and every sheet as CSV, in one archive."""
    material, scenario = Material.of(held.opened), held.opened.scenario
    tables = report_tables(material, by_demographics=False)
    files = {
        "workbook.xlsx": workbook(tables, as_of=scenario.as_of, title=f"OJT assignments, {scenario.name}"),
        "report.html": as_page(held, by_demographics=False, people=False),
        **{f"{table.name}.csv": csv_bytes(table) for table in tables},
    }
    return packed(files)


def as_bundle(held: Held, *, by_demographics: bool) -> bytes:
    """Facts and result in one archive, from which anybody can go on."""
    return bundle(held, by_demographics=by_demographics)


def told(document: Any) -> bytes:
    """A document as JSON."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple | frozenset | set):
        return list(value)
    raise TypeError(f"{type(value).__name__} is no plain data")


QUESTIONS: dict[str, Callable[..., bytes]] = {
    question.__name__: question
    for question in (
        open_run,
        explain_seeker, explain_pair, explain_slot, explain_rule, semantics, inversions, evaluate_run, evaluate_facts, evaluate_tables, recommend, comparison,
        figures, equity_report, stability_report, as_workbook, as_page, as_table, as_sheets, as_bundle,
    )
}  # fmt: skip
"""Every question by its name."""
