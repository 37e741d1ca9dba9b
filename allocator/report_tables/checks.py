"""What vouches for the result: how it was verified, what was proved, and the digests it came from."""

from __future__ import annotations

from collections.abc import Iterator

from allocator.report_tables.base import KEPT, Field, ReportTable, from_rows
from allocator.report_tables.material import Material

ABOUT = "Verification, proofs, rules that were missed, warnings, and what is needed to make the same result again."
FIELDS = (Field("section", "Section"), Field("what", "What"), Field("value", "Value"), Field("standing", "Standing", "standing"))
PROVED = "proved"
Line = tuple[str, str, str, str | None]


def checks(material: Material) -> ReportTable:
    """One line a check. Seconds are not told: the same result gives the same sheet."""
    rows = [*_verification(material), *_goals(material), *_rules(material), *_warnings(material), *_origin(material)]
    return from_rows("checks", "Checks", ABOUT, FIELDS, rows)


def _verification(material: Material) -> Iterator[Line]:
    result, filled = material.result, material.filled
    yield "Verification", "Checked against every rule by the law", "yes" if result.verified else "no", KEPT if result.verified else "there is no plan to check"
    people = len(set(material.plan.seeker.tolist()))
    yield "Verification", "Nobody holds two slots", f"{people:,} people, {len(material.plan):,} assignments", KEPT if people == len(material.plan) else "broken"
    over = int((filled > material.problem.openings).sum())
    yield "Verification", "No slot holds more than its openings", f"{over} over", KEPT if over == 0 else "broken"
    told = len(material.plan) == result.placed == len(result.assignments)
    yield "Verification", "The sheets tell of as many people as the result", f"{len(material.plan):,} and {result.placed:,}", KEPT if told else "broken"
    leaks = _telling_ids(material)
    yield (
        "Verification",
        "Ids on the employer sheet tell no partner",
        f"{leaks} do",
        KEPT if leaks == 0 else "give seekers ids that hold no partner or population",
    )
    if result.restriction is not None:
        left = f"{result.restriction.left_out:,} eligible pairs were left out by the cap of {result.restriction.pairs_per_seeker} for each person"
        yield "Verification", "Proved among the pairs that were kept", left, "limited"


def _telling_ids(material: Material) -> int:
    """Placed people whose id holds the code of their own partner or of one of their populations."""
    facts = material.facts
    partner, populations = facts.coded("seekers", "partner_id"), facts.lists("seekers", "populations")
    return sum(
        any(code.lower() in str(facts.ids("seekers")[seeker]).lower() for code in (partner.text(seeker), *populations.at(seeker)) if code and len(code) > 2)
        for seeker in material.plan.seeker.tolist()
    )


def _goals(material: Material) -> Iterator[Line]:
    for goal in material.result.goals:
        name = goal.kind if goal.label == goal.kind else f"{goal.kind}, {goal.label}"
        value = "unknown" if goal.value is None else f"{goal.value:,} {goal.unit}"
        bound = "" if goal.bound is None else f", no better than {goal.bound:,}"
        yield "Goals, in order", name, value + bound, PROVED if goal.gap == 0 else "gap unknown" if goal.gap is None else f"gap {goal.gap:.2%}"


def _rules(material: Material) -> Iterator[Line]:
    """Rules that were missed, one a line; the others together."""
    told = [line for line in material.result.rules if line.slack is not None]
    missed = [line for line in told if (line.slack or 0) < 0]
    yield "Rules", "Promises and limits kept", f"{len(told) - len(missed):,} of {len(told):,}", None
    for line in missed:
        name = line.kind if line.label in ("", line.kind) else f"{line.kind}[{line.label}]"
        aim = f"at {'least' if line.required == line.at_least else 'most'} {line.required:,} {line.unit}"
        yield "Rules", f"{name} {line.key}".strip(), f"{line.achieved:,} reached, {aim}", f"missed by {-(line.slack or 0):,}"


def _warnings(material: Material) -> Iterator[Line]:
    for fault in material.result.warnings:
        yield "Warnings", fault.place, f"{fault.message} {fault.fix}".strip(), fault.code


def _origin(material: Material) -> Iterator[Line]:
    result = material.result
    yield "Origin", "As of", result.as_of, None
    yield "Origin", "Seed", str(result.seed), None
    yield "Origin", "Ended", f"{result.status}, {result.stop_reason}", None
    yield "Origin", "Engine", f"{result.engine}: {result.engine_reason}", None
    for name, digest in sorted(result.digests.items()):
        yield "Origin", f"Digest of the {name}", digest, None
    for name, version in sorted(result.versions.items()):
        yield "Origin", f"Version of {name}", version, None
