"""The program report: the lines of the program's own results, the board's template, money, and leading measures.

Partner customers stand beside the general pool (seekers without a partner), as in the program's first report: 306 participants, 229 in training, 1,269
workshops and one-to-one sessions, 110 employed. What no table of ours tells is "not recorded", never zero. Outcomes come from `commitments`;
a plan is no outcome, so what it says is called leading. Reverse referrals are told apart and left out of placements (20 CFR 651.10).
Characteristics of those placed follow `allocator.suppression`.

Source: the board's template is OAR 589-007-0800(4); indicators seen only after exit are 29 USC 3141(b)(2)(A); cost per placement after ETA-9169.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from allocator.constraints.budget import Budget
from allocator.development import development_leads
from allocator.money import obligations
from allocator.pairs import Pairs, find_pairs
from allocator.plan import Plan
from allocator.scenario import YES, Integers, Mask
from allocator.suppression import hidden_rows

NOT_RECORDED, HIDDEN = "not recorded", "hidden"
Amount = int | float | str | None
"""A number, `not recorded`, `hidden` (a small number, or one that gives one away), or None where the column says nothing."""

RESULTS, BOARD, JOBS, PEOPLE = "Results", "Board report", "Jobs by occupation", "Characteristics of those placed"
MONEY, LEADING, LATER = "Money", "Leading measures", "After exit"
SECTIONS = (RESULTS, BOARD, JOBS, PEOPLE, MONEY, LEADING, LATER)


INDICATORS = (
    ("Employed in the 2nd quarter after exit", "share"),
    ("Employed in the 4th quarter after exit", "share"),
    ("Median earnings in the 2nd quarter after exit", "dollars"),
    ("Credential attainment", "share"),
    ("Measurable skill gains", "share"),
    ("Retention with the same employer", "share"),
)
"""The federal indicators of performance, and their units."""


@dataclass(frozen=True)
class Measure:
    """One line. `partners`, `others` (the general pool) and `everybody` are in `unit`: people, slots, employers, hours, dollars, days, share, ..."""

    section: str
    measure: str
    partners: Amount
    others: Amount
    everybody: Amount
    unit: str
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The line as plain JSON data."""
        return asdict(self)


@dataclass(frozen=True)
class ProgramReport:
    """Every line, section by section."""

    measures: tuple[Measure, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON data."""
        return {"measures": [measure.as_dict() for measure in self.measures]}

    def of(self, section: str, measure: str) -> Measure:
        """A line by name. Raises KeyError where there is none."""
        for line in self.measures:
            if (line.section, line.measure) == (section, measure):
                return line
        raise KeyError(f"no measure {measure} in {section}")


def program_report(plan: Plan, *, pairs: Pairs | None = None) -> ProgramReport:
    """The report of one plan and the facts around it. `pairs` are the eligible pairs where somebody has found them already."""
    counted = _Counted(plan, find_pairs(plan.problem) if pairs is None else pairs)
    parts = (_results, _board, _jobs, _characteristics, _money, _leading, _later)
    return ProgramReport(tuple(line for part in parts for line in part(counted)))


@dataclass(frozen=True, eq=False)
class _Counted:
    """The plan with what several sections count."""

    plan: Plan
    pairs: Pairs

    @cached_property
    def partner(self) -> Mask:
        """Seekers who are a partner's customers."""
        return np.asarray(self.plan.problem.scenario.coded("seekers", "partner_id").codes >= 0)

    @cached_property
    def reverse(self) -> Mask:
        """Assignments that are reverse referrals."""
        return self.plan.problem.reverse_referrals[self.plan.slot]

    @cached_property
    def placed(self) -> Mask:
        """Seekers who are placed by the plan, reverse referrals left out."""
        return self.held(~self.reverse)

    @cached_property
    def eligible(self) -> Mask:
        """Seekers whom at least one slot admits."""
        found = np.zeros(len(self.partner), dtype=bool)
        found[self.pairs.seeker] = True
        return found

    @cached_property
    def cents(self) -> Integers:
        """Obligation of each assignment; -1 where not known."""
        return obligations(self.plan)

    def held(self, which: Mask) -> Mask:
        """Seekers of these assignments."""
        found = np.zeros(len(self.partner), dtype=bool)
        found[self.plan.seeker[which]] = True
        return found

    def recorded(self, *statuses: str) -> Mask | None:
        """Seekers with a commitment in one of these statuses; None where commitments are not kept."""
        if not self.plan.problem.scenario.has("commitments"):
            return None
        found = np.zeros(len(self.partner), dtype=bool)
        found[self.plan.problem.commitments(statuses).seeker] = True
        return found

    def people(self, section: str, measure: str, who: Mask | None, note: str = "") -> Measure:
        """A number of people."""
        if who is None:
            return Measure(section, measure, NOT_RECORDED, NOT_RECORDED, NOT_RECORDED, "people", note)
        return Measure(section, measure, int((who & self.partner).sum()), int((who & ~self.partner).sum()), int(who.sum()), "people", note)

    def share(self, section: str, measure: str, who: Mask | None, of: Mask, note: str = "") -> Measure:
        """A share of people."""
        if who is None:
            return Measure(section, measure, NOT_RECORDED, NOT_RECORDED, NOT_RECORDED, "share", note)
        groups = (self.partner, ~self.partner, np.ones(len(of), dtype=bool))
        return _three(section, measure, [_ratio(int((who & of & group).sum()), int((of & group).sum())) for group in groups], "share", note)

    def mean(self, section: str, measure: str, values: np.ndarray[Any, np.dtype[np.float64]], unit: str, note: str = "", digits: int = 2) -> Measure:
        """The mean over placed assignments (reverse referrals left out) of a value that may be NaN."""
        partner = self.partner[self.plan.seeker]
        use = ~self.reverse & ~np.isnan(values)
        means = [round(float(values[use & group].mean()), digits) if (use & group).any() else None for group in (partner, ~partner, partner | True)]
        if not use.any():
            means = [NOT_RECORDED] * 3  # type: ignore[list-item]
        missing = int((~self.reverse & np.isnan(values)).sum())
        told = "; ".join(words for words in (note, f"{missing} not recorded" if missing and use.any() else "") if words)
        return Measure(section, measure, means[0], means[1], means[2], unit, told)


def _three(section: str, measure: str, values: Sequence[Amount], unit: str, note: str = "") -> Measure:
    """A line from its values for partner customers, the general pool and everybody."""
    partners, others, everybody = values
    return Measure(section, measure, partners, others, everybody, unit, note)


def _ratio(part: int, whole: int) -> Amount:
    return part / whole if whole else None


def _results(counted: _Counted) -> Iterator[Measure]:
    facts = counted.plan.problem.scenario
    everybody = np.ones(len(counted.partner), dtype=bool)
    workshop = facts.days("seekers", "ojt_workshop_date")
    trained = ~np.isnat(workshop) & (workshop <= counted.plan.problem.as_of) if facts.has("seekers", "ojt_workshop_date") else None
    employed = counted.recorded("started", "completed")
    yield counted.people(RESULTS, "Participants", everybody, "seekers in the table, whatever their status")
    yield counted.people(RESULTS, "In the pool", counted.plan.problem.in_pool, "status active")
    yield counted.people(RESULTS, "Trained", trained, "completed the OJT workshop")
    yield counted.share(RESULTS, "Trained, of participants", trained, everybody)
    yield counted.people(RESULTS, "Services: workshops", trained, "one a person, the last one recorded")
    yield Measure(RESULTS, "Services: one-to-one sessions", NOT_RECORDED, NOT_RECORDED, NOT_RECORDED, "sessions")
    for status, note in (
        ("referred", "referral is the latest recorded step"),
        ("offered", "offer is the latest recorded step"),
        ("accepted", "not yet started"),
    ):
        yield counted.people(RESULTS, status.capitalize(), counted.recorded(status), note)
    yield counted.people(RESULTS, "Started training on the job", counted.recorded("started"), "and not yet completed")
    yield counted.people(RESULTS, "Completed training on the job", counted.recorded("completed"))
    yield counted.people(RESULTS, "Declined", counted.recorded("declined"), "a referral or an offer came to nothing")
    yield counted.people(RESULTS, "Employed", employed, "started or completed: a trainee is on the employer's payroll from the first day")
    yield counted.share(RESULTS, "Employed, of participants", employed, everybody)
    yield counted.people(RESULTS, "Eligible for at least one slot", counted.eligible, "leading")
    yield counted.people(RESULTS, "Placed by this plan", counted.placed, "leading: proposed, not yet hired; reverse referrals left out")
    yield counted.share(RESULTS, "Placed, of participants", counted.placed, everybody, "leading")
    yield counted.share(RESULTS, "Placed, of the eligible", counted.placed, counted.eligible, "leading: with the need for a slot that admits them taken out")
    yield counted.people(RESULTS, "Reverse referrals", counted.held(counted.reverse), "named by the employer; no placements (20 CFR 651.10)")


def _board(counted: _Counted) -> Iterator[Measure]:
    problem, plan = counted.plan.problem, counted.plan
    employer = problem.scenario.link("slots", "employer_id") if problem.scenario.has("employers") else problem.scenario.coded("slots", "employer_id").codes

    def employers(statuses: tuple[str, ...]) -> Amount:
        if not problem.scenario.has("commitments"):
            return NOT_RECORDED
        return _distinct(employer[problem.commitments(statuses).slot])

    yield Measure(BOARD, "Employers in the plan", None, None, _distinct(employer[plan.slot]), "employers", "leading: with at least one assignment")
    yield Measure(
        BOARD, "Employers participating", None, None, employers(("accepted", "started", "completed")), "employers", "somebody accepted, started or completed"
    )
    yield counted.people(BOARD, "Completing", counted.recorded("completed"))
    yield Measure(BOARD, "Retained after completion", NOT_RECORDED, NOT_RECORDED, NOT_RECORDED, "people")
    yield Measure(BOARD, "National Career Readiness Certificates", NOT_RECORDED, NOT_RECORDED, NOT_RECORDED, "people")
    yield counted.mean(BOARD, "Average wage of those placed", problem.scenario.numbers("slots", "wage")[plan.slot], "dollars an hour", "leading")
    hours = problem.scenario.numbers("slots", "training_hours")[plan.slot]
    yield counted.mean(BOARD, "Average training hours", hours, "hours", "leading: planned", digits=1)


def _distinct(codes: Any) -> int:
    return len(np.unique(codes[codes >= 0]))


def _jobs(counted: _Counted) -> Iterator[Measure]:
    """Placements by occupation, as the template asks; most first."""
    occupation = counted.plan.problem.scenario.coded("slots", "onet_soc")
    held: Counter[str] = Counter(occupation.text(slot) or NOT_RECORDED for slot in counted.plan.slot[~counted.reverse].tolist())
    for name, count in sorted(held.items(), key=lambda item: (-item[1], item[0])):
        yield Measure(JOBS, name, None, None, count, "people", "leading")


def _characteristics(counted: _Counted) -> Iterator[Measure]:
    """Who is placed: each characteristic a table of yes and no by placed and not, of which small numbers are hidden."""
    facts = counted.plan.problem.scenario
    populations = facts.lists("seekers", "populations")
    having = {code: populations.any_of(frozenset([code])) for code in sorted({code for codes in populations.sets for code in codes})}
    for column in ("veteran", "public_assistance", "low_income", "basic_skills_deficient"):
        if facts.has("seekers", column):
            having[column] = np.asarray(facts.flags("seekers", column) == YES)
    for name, yes in sorted(having.items()):
        parts = np.array([[int((who & group).sum()) for group in (counted.placed, ~counted.placed)] for who in (yes, ~yes)], dtype=np.int64)
        if hidden_rows(parts).any():
            yield Measure(PEOPLE, name, None, None, HIDDEN, "people", "a small number, or one that would give one away")
        else:
            among, of_all = parts[0, 0] / max(1, parts[:, 0].sum()), parts[0].sum() / max(1, parts.sum())
            yield Measure(PEOPLE, name, None, None, int(parts[0, 0]), "people", f"{among:.1%} of those placed; {of_all:.1%} of the participants")


def _money(counted: _Counted) -> Iterator[Measure]:
    plan, counts = counted.plan, ~counted.reverse
    for rule in plan.problem.policy.constraints:
        if isinstance(rule, Budget):
            cents = int(rule.obligations(plan)[rule.pays(plan)].sum())
            yield Measure(
                MONEY, f"Obligated, {rule.funding_stream or 'all streams'}", None, None, cents / 100, "dollars", f"leading: {rule.label or rule.kind}"
            )
    known = counted.cents >= 0
    partner = counted.partner[plan.seeker]
    groups = (partner, ~partner, partner | True)
    missing = int((~known).sum())
    note = f"{missing} without a known obligation" if missing else ""
    total = [int(counted.cents[known & group].sum()) / 100 if (known & group).any() else (NOT_RECORDED if group.any() else 0) for group in groups]
    each = [round(int(counted.cents[use].sum()) / int(use.sum())) / 100 if (use := known & counts & group).any() else None for group in groups]
    yield _three(MONEY, "Obligated by this plan", total, "dollars", "; ".join(words for words in ("leading: with reverse referrals", note) if words))
    yield _three(MONEY, "Cost per placement, obligated", each, "dollars", "leading: reverse referrals left out")
    yield Measure(MONEY, "Reimbursed", NOT_RECORDED, NOT_RECORDED, NOT_RECORDED, "dollars")
    yield Measure(MONEY, "Cost per participant served", NOT_RECORDED, NOT_RECORDED, NOT_RECORDED, "dollars", "funds expended are not in the tables")


def _leading(counted: _Counted) -> Iterator[Measure]:
    plan, problem = counted.plan, counted.plan.problem
    openings, leads = int(problem.openings.sum()), development_leads(plan)
    yield Measure(LEADING, "Openings", None, None, openings, "seats")
    yield Measure(LEADING, "Openings filled by this plan", None, None, _ratio(len(plan), openings), "share", "reverse referrals fill openings too")
    days = problem.days_since("slots", "posted_date")[plan.slot]
    yield counted.mean(LEADING, "Days from posting to this plan", np.where(days < 0, np.nan, days).astype(np.float64), "days", digits=1)
    waited = problem.days_since("seekers", "pool_entry_date")[plan.seeker]
    yield counted.mean(LEADING, "Days in the pool of those placed", np.where(waited < 0, np.nan, waited).astype(np.float64), "days", digits=1)
    floor = problem.scenario.numbers("seekers", "wage_floor")[plan.seeker]
    yield counted.mean(LEADING, "Wage above the lowest acceptable", problem.scenario.numbers("slots", "wage")[plan.slot] - floor, "dollars an hour")
    partner = dict(zip(problem.scenario.ids("seekers").tolist(), counted.partner.tolist(), strict=True))
    theirs = sum(partner[lead.seeker_id] for lead in leads)
    yield Measure(
        LEADING, "Development leads", theirs, len(leads) - theirs, len(leads), "leads", "occupations on career maps without an open seat; never placements"
    )
    people = {lead.seeker_id for lead in leads}
    theirs = sum(partner[seeker] for seeker in people)
    yield Measure(LEADING, "People with a development lead", theirs, len(people) - theirs, len(people), "people")


def _later(_: _Counted) -> Iterator[Measure]:
    """The federal indicators, so that nobody takes a leading measure for one of them."""
    for measure, unit in INDICATORS:
        yield Measure(LATER, measure, NOT_RECORDED, NOT_RECORDED, NOT_RECORDED, unit, "seen only after exit")
