"""What is said the same way at the prompt and on paper: the headline of a result, codes in words, amounts with their units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocator.result import Restriction, Result

REASONS = {
    "ineligible": "no slot admits them; refused most by",
    "no_pair": "the scenario's own pairs have none for them",
    "outbid": "every slot that admits them is full",
    "capped": "every slot that was looked at for them is full; the cap left others out",
    "blocked": "a seat is open, but a rule stands in the way",
    "no_gain": "a seat is open, and taking it would better no goal",
    "not_proved": "a seat is open; the run ended before it was clear whether they should take it",
}
REFUSED = {
    "in_pool": "not being active in the pool",
    "workshop": "the OJT workshop",
    "consent": "consent",
    "dates": "the dates",
    "funding_stream": "the funding stream",
    "commute": "the way to work",
    "wage_floor": "the wage",
    "schedule": "the schedule",
    "credentials": "credentials",
    "language": "language",
    "prior_employer": "having worked for the employer",
    "training_need": "no need of training",
    "reverse_referral": "a reverse referral of somebody else",
    "reserved_hold": "seats held for a promise",
    "pattern_of_failure": "the employer's pattern of failure",
    "recent_layoff": "a recent layoff",
    "relocation": "the employer's relocation",
    "union_concurrence": "union concurrence",
}
"""What each eligibility rule refuses somebody for, among staff; to the person it is said otherwise."""
GOALS = {
    "shortfall": "the promises",
    "placements": "the number placed",
    "match_quality": "match quality",
    "stability": "stability",
    "lottery": "the lottery",
}
MODES = {
    "minimum_best_effort": "best effort",
    "minimum_hard": "hard minimum",
    "minimum_soft": "priced minimum",
    "set_aside": "set aside",
    "cap": "cap",
    "over_and_above": "over and above",
}
STOPPED = {
    "gap_limit": "within the gap that was asked for",
    "time_limit": "the best known when time was up",
    "work_limit": "the best found; its numbers are too large to be proved to the last unit",
    "memory_limit": "the best known when memory was used up",
    "cancelled": "the best known when it was cancelled",
}
NOTHING = {
    "time_limit": ("within the time limit", "give it more time"),
    "memory_limit": ("within the memory limit", "give it more memory, or limit the pairs per seeker"),
    "cancelled": ("before it was cancelled", "give it more time"),
}


def headline(result: Result) -> str:
    """What was decided and how sure it is, in one or two sentences."""
    if result.status == "infeasible" and result.restriction is not None:
        return f"No plan keeps every rule of this policy {kept(result.restriction)}; another pair may allow one."
    if result.status == "infeasible":
        return "No plan keeps every rule of this policy; proved."
    if result.status == "no_solution":
        ended, then = NOTHING.get(result.stop_reason, (f"before the run ended ({result.stop_reason})", "give it more time"))
        return f"Nothing was found {ended}. That does not mean that nothing fits: {then}."
    proof = "proved best" if result.status == "optimal" else f"not proved best, but {STOPPED.get(result.stop_reason, result.stop_reason)}"
    if result.restriction is not None:
        proof += f" {kept(result.restriction)}"
    placed = f"{result.placed:,} of {result.seekers:,} people placed in {result.openings:,} openings"
    return f"{placed}; {proof}. Checked against every rule."


def kept(restriction: Restriction) -> str:
    """What a claim is limited to, where a cap left pairs out."""
    one, best = restriction.left_out == 1, restriction.pairs_per_seeker
    pairs = "each person's best pair" if best == 1 else f"each person's {best:,} best pairs"
    return f"among {pairs}; {restriction.left_out:,} eligible pair{' was' if one else 's were'} left out by the cap"


def with_unit(number: float, unit: str) -> str:
    """`$1,200.00`, `1 person`, `12 points`, `1.50 points`: in the singular where it is one."""
    if unit == "cents":
        return f"${number / 100:,.2f}"
    said = f"{int(number):,}" if number == int(number) else f"{number:,.2f}"
    if unit == "people":
        return f"{said} {'person' if number == 1 else 'people'}"
    return f"{said} {unit.removesuffix('s') if number == 1 else unit}"


def goal_words(kind: str, label: str) -> str:
    """A goal, as people call it in a sentence: by the name that the policy gives it, or else by the word for its kind."""
    return GOALS.get(kind, label) if label in ("", kind) else label


def refusals(counts: Mapping[str, int]) -> str:
    """What somebody, or a slot, is refused for, most first: `counts` by the full name of the rule."""
    return ", ".join(f"{refused_for(rule)} ({count:,})" for rule, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def refused_for(rule: str) -> str:
    """An eligibility rule, by its full name, as what it refuses somebody for."""
    kind, _, label = rule.partition("[")
    words = REFUSED.get(kind, kind)
    return f'{words} "{label.removesuffix("]")}"' if label else words
