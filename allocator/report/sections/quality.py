"""How good the matches are, for tiers, partners and centers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from allocator.charts.quality import quality
from allocator.report.people import named
from allocator.report.section import Section, Wanted
from allocator.report.small import SMALLEST, name_of, told_together


def build(wanted: Wanted) -> Iterator[Section]:
    """A chart for each way of grouping; groups of fewer than ten placed people are told together."""
    opened, facts = wanted.opened, wanted.opened.scenario
    if not opened.result.placed:
        return
    score = opened.result.assignments["score"].to_numpy()
    place = facts.positions("seekers", opened.result.assignments["seeker_id"].to_numpy(dtype=object))
    tiers = [f"tier {name}" for name in opened.problem.tier_names]
    ways = [("tier", "tiers", opened.problem.tiers[place], tiers)]
    for one, many, column in (("partner", "partners", "partner_id"), ("center", "centers", "center_id")):
        coded = facts.coded("seekers", column)
        if coded.values:
            ways.append((one, many, np.where(coded.codes < 0, len(coded.values), coded.codes)[place], [*named(facts, many, coded.values), f"no {one}"]))
    for one, many, group, names in ways:
        scores = {name: score[group == k].tolist() for k, name in enumerate(names)}
        told = told_together({name: len(points) for name, points in scores.items()})
        shown = [(name_of(groups, many), [point for name in groups for point in scores[name]]) for groups in told]
        if len(shown) > 1:
            chart = quality(one, shown)
            sentence = f"{chart.sentence} Groups of fewer than {SMALLEST} placed people are told together."
            yield Section("People", chart.name, f"Match quality by {one}", sentence, chart)
