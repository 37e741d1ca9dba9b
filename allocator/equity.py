"""Selection rates by protected group, from one stage to the next: who is in the pool, who may go somewhere, who goes.

Two tracks, each with its steps:

- the pool: everybody whose status is active, and whoever is eligible or placed all the same; of those the *eligible* (at least one slot admits
  them); of those the *placed*. Steps: eligible of the pool, placed of the eligible, placed of the pool.
- what is recorded: everybody with a commitment; of those who were offered a slot, who was hired, who completed, as far as it is recorded. A
  commitment that ended in `declined` does not say how far it had come, and counts for none of them.

A group's rate is compared with the highest rate of any group. Less than four fifths of it is a reason to look, no proof of anything: the exact test
says how often chance alone would part the two rates so far, and `one_person_flips` whether one person of the group more or fewer would
change the answer. Fisher's exact test, two-sided, on the two groups' selected and not selected; p values are not adjusted for the number of groups.
Groups of less than 2 % of the step's people, or fewer than 10, are not compared.

Small counts are hidden as `allocator.suppression` says, for all plans together; a group may be hidden where its eligible people are told and shown
where they are not. What the hidden groups of a step have together stands in one row, unless it is small. No number here is about fewer than 10
people unless it is zero, and there are no ids.

What it cannot do: two reports made on different days can still tell something about one person who alone has moved between them.

Source: 29 CFR 1607.4 D (four fifths, small numbers, significance), 1607.15 A (groups of less than 2 %), 29 CFR 38.51 (statistical monitoring).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from allocator.pairs import Pairs, find_pairs
from allocator.plan import Plan
from allocator.protected import NOT_RECORDED, attributes
from allocator.scenario import Integers, Mask, Positions
from allocator.suppression import LEAST, Counts, hidden_rows, hidden_stages, parts_of, small

SIGNIFICANT = 0.05
SMALLEST_SHARE = 50
"""A group is compared from one 50th (2 %) of the people on."""
EVERYBODY, TOGETHER = "everybody", "the hidden ones"
TEST = "Fisher's exact test, two-sided, against the group with the highest rate"
SOURCE = "29 CFR 1607.4 D"

Verdict = Literal["highest", "ok", "look", "small_numbers", "difference", "too_few", "not_compared", "hidden"]

VERDICTS: dict[Verdict, str] = {
    "highest": "the highest rate; the others are compared with it",
    "ok": "at least four fifths of the highest rate",
    "look": "below four fifths of the highest rate, and hardly by chance: look into it",
    "small_numbers": "below four fifths of the highest rate, but chance alone may explain it",
    "difference": "at least four fifths of the highest rate, but the difference is hardly chance: look into it",
    "too_few": "fewer than 10 people or 2 % of them: not compared",
    "not_compared": "nothing to compare with",
    "hidden": "a small number, or one from which a small number could be worked out",
}
"""What each verdict says."""


class Step(NamedTuple):
    """From whom, to whom: two columns of a track, by position."""

    name: str
    track: Literal["pool", "recorded"]
    base: int
    reached: int
    inside: bool = False
    """Whether it tells the middle stage of its track."""


STEPS = (
    Step("eligible of the pool", "pool", 0, 1, inside=True),
    Step("placed of the eligible", "pool", 1, 2, inside=True),
    Step("placed of the pool", "pool", 0, 2),
    Step("offered of the recorded", "recorded", 0, 1),
    Step("hired of the recorded", "recorded", 0, 2),
    Step("completed of the recorded", "recorded", 0, 3),
)
_RECORDED = (
    ("proposed", "referred", "offered", "accepted", "started", "declined", "completed"),
    ("offered", "accepted", "started", "completed"),
    ("accepted", "started", "completed"),
    ("completed",),
)


@dataclass(frozen=True)
class EquityLine:
    """One group at one step of one plan. Counts are people, rates shares of 1; None where hidden, or where there is nothing to say.

    `ratio` is the group's rate over the highest; `p_value` the exact test's; `one_person_flips` whether one person of the group more or
    fewer would move the rate across four fifths.
    """

    plan: str
    attribute: str
    step: str
    group: str
    base: int | None
    reached: int | None
    rate: float | None
    ratio: float | None
    p_value: float | None
    one_person_flips: bool | None
    verdict: Verdict

    def as_dict(self) -> dict[str, Any]:
        """The line as plain JSON data."""
        return asdict(self)


@dataclass(frozen=True)
class Equity:
    """The rates of one plan, or of several side by side. Empty where the scenario has no protected table."""

    plans: tuple[str, ...]
    lines: tuple[EquityLine, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report as plain JSON data."""
        return {
            "plans": list(self.plans), "test": TEST, "source": SOURCE, "least_shown": LEAST, "significant": SIGNIFICANT,
            "lines": [line.as_dict() for line in self.lines],
        }  # fmt: skip

    def of(self, plan: str, attribute: str, step: str) -> dict[str, EquityLine]:
        """The lines of one step by group."""
        return {line.group: line for line in self.lines if (line.plan, line.attribute, line.step) == (plan, attribute, step)}


def equity(*plans: Plan, names: Sequence[str] = (), pairs: Sequence[Pairs] = ()) -> Equity:
    """Selection rates of each plan by group, at each step, for every attribute of the protected table.

    With two plans they are called `before` and `after`; their scenarios and policies may differ (a reservation switched off, last night's
    facts). `pairs` are the plans' eligible pairs where somebody has found them already.
    """
    called = tuple(names) or {1: ("plan",), 2: ("before", "after")}.get(len(plans)) or tuple(str(number) for number in range(1, len(plans) + 1))
    if len(called) != len(plans) or len(set(called)) != len(called):
        raise ValueError(f"{len(plans)} plans need as many different names, not {list(called)}")
    tracks = [_tracks(plan, pairs[k] if k < len(pairs) else find_pairs(plan.problem)) for k, plan in enumerate(plans)]
    groups = [dict(attributes(plan.problem.scenario)) for plan in plans]
    lines: list[EquityLine] = []
    for attribute in dict.fromkeys(name for known in groups for name in known):
        having = [k for k, known in enumerate(groups) if attribute in known]
        values = tuple(sorted({value for k in having for value in groups[k][attribute].values}))
        for track in ("pool", "recorded"):
            counts = [
                _counted([values.index(value) for value in groups[k][attribute].values], groups[k][attribute].codes, tracks[k][track], len(values))
                for k in having
            ]
            if track == "pool":
                hidden, inside = hidden_stages(counts)
            else:
                hidden = inside = hidden_rows(np.hstack([parts_of(nested) for nested in counts]))
            for k, nested in zip(having, counts, strict=True):
                for step in STEPS:
                    if step.track == track and nested[:, 0].any():
                        lines += _lines(called[k], attribute, step, values, nested, inside if step.inside else hidden)
    return Equity(called, tuple(lines))


# -- counting -------------------------------------------------------------------------------------------------------


def _tracks(plan: Plan, pairs: Pairs) -> dict[str, list[Mask]]:
    """Per track who is in each stage; each stage lies within the one before."""
    problem, facts = plan.problem, plan.problem.scenario
    everybody = facts.size("seekers")
    placed, eligible = np.zeros(everybody, dtype=bool), np.zeros(everybody, dtype=bool)
    placed[plan.seeker] = True
    eligible[pairs.seeker] = True
    eligible |= placed
    recorded = []
    for statuses in _RECORDED:
        reached = np.zeros(everybody, dtype=bool)
        reached[problem.commitments(statuses).seeker] = True
        recorded.append(reached)
    return {"pool": [problem.in_pool | eligible, eligible, placed], "recorded": recorded}


def _counted(rows: list[int], codes: Positions, stages: list[Mask], groups: int) -> Counts:
    """People of each group (a row) in each stage (a column)."""
    row = np.array(rows, dtype=np.int64)[codes] if len(codes) else np.empty(0, dtype=np.int64)
    return np.stack([np.bincount(row[stage], minlength=groups) for stage in stages], axis=1).astype(np.int64)


# -- comparing ------------------------------------------------------------------------------------------------------


def _lines(plan: str, attribute: str, step: Step, values: Sequence[str], nested: Counts, hidden: Mask) -> Iterator[EquityLine]:
    """Everybody first, then the groups by name, then what is hidden together. A group with nobody in the track is left out."""
    base, reached, nobody = nested[:, step.base], nested[:, step.reached], nested[:, 0] == 0

    def line(group: str, n: int, k: int, verdict: Verdict) -> EquityLine:
        return EquityLine(plan, attribute, step.name, group, n, k, k / n if n else None, None, None, None, verdict)

    yield _shown(line(EVERYBODY, int(base.sum()), int(reached.sum()), "not_compared"))
    named = np.array([value != NOT_RECORDED for value in values])
    fit = ~hidden & named & (base >= LEAST) & (base * SMALLEST_SHARE >= base.sum())
    best = _highest(base, reached, fit)
    for k, group in enumerate(values):
        n, count = int(base[k]), int(reached[k])
        if nobody[k]:
            continue
        if hidden[k]:
            yield _withheld(line(group, n, count, "hidden"))
        elif not fit[k]:
            yield line(group, n, count, "too_few" if named[k] else "not_compared")
        elif best is None:
            yield line(group, n, count, "not_compared")
        elif k == best:
            yield line(group, n, count, "highest")
        else:
            yield _compared(line(group, n, count, "ok"), int(base[best]), int(reached[best]))
    if hidden.any() and not (hidden | nobody).all():
        together = _shown(line(TOGETHER, int(base[hidden].sum()), int(reached[hidden].sum()), "not_compared"))
        if together.verdict != "hidden":
            yield together


def _shown(line: EquityLine) -> EquityLine:
    """The line, unless its own numbers are small."""
    assert line.base is not None
    assert line.reached is not None
    return _withheld(line) if small(np.array([line.base, line.reached, line.base - line.reached])).any() else line


def _withheld(line: EquityLine) -> EquityLine:
    """The line without its numbers."""
    return EquityLine(line.plan, line.attribute, line.step, line.group, None, None, None, None, None, None, "hidden")


def _highest(base: Integers, reached: Integers, fit: Mask) -> int | None:
    """The group with the highest rate, the larger of equals; None where there are no two groups, or nobody was selected."""
    found: int | None = None
    for k in np.flatnonzero(fit & (reached > 0)).tolist():
        if found is None:
            found = k
        else:
            mine, theirs = int(reached[k]) * int(base[found]), int(reached[found]) * int(base[k])
            found = k if (mine, int(base[k])) > (theirs, int(base[found])) else found
    return found if fit.sum() > 1 else None


def _compared(line: EquityLine, base: int, reached: int) -> EquityLine:
    """The line against the group with the highest rate."""
    from scipy.stats import fisher_exact

    assert line.base is not None
    assert line.reached is not None
    n, k = line.base, line.reached
    below = below_four_fifths(k, n, reached, base)
    flips = any(0 <= other <= n and below_four_fifths(other, n, reached, base) != below for other in (k - 1, k + 1))
    p_value = float(fisher_exact([[k, n - k], [reached, base - reached]], alternative="two-sided").pvalue)
    verdict: Verdict
    if below:
        verdict = "look" if p_value < SIGNIFICANT else "small_numbers"
    else:
        verdict = "difference" if p_value < SIGNIFICANT else "ok"
    return EquityLine(line.plan, line.attribute, line.step, line.group, n, k, line.rate, (k * base) / (n * reached), p_value, flips, verdict)


def below_four_fifths(reached: int, base: int, highest_reached: int, highest_base: int) -> bool:
    """Whether one rate is less than four fifths of the other; in whole numbers, exactly."""
    return 5 * reached * highest_base < 4 * highest_reached * base
