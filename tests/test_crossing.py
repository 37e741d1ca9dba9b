"""Generated pairs against the whole cross product: the same pairs, scores and counts, however they are cut into chunks and tables."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from allocator import crossing, shortlist
from allocator.eligibility.base import Eligibility
from allocator.pairs import Pairs, find_pairs
from allocator.policy import Policy
from allocator.problem import CLOSED_STATUSES, FROZEN_STATUSES, Problem
from allocator.quality import base as quality
from allocator.registry import discover
from allocator.scenario import Scenario
from allocator.shortlist import OPEN_STATUSES
from tests.worlds import TODAY, world

STATUSES = ("proposed", "referred", "offered", "accepted", "started", "declined", "completed")
SOCS = ("31-1131.00", "31-1132.00", "31-9092.00", "51-4041.00", "51")
COUNTIES = ("41051", "41067", "06037")
HOLD = {"kind": "reserved_hold", "beneficiaries": "partner:P1", "scope": "center:C1", "release": [{"to": "any_partner", "after_days": 5}, {"after_days": 20}]}


def rich_problem(seed: int, **limits: Any) -> Problem:
    """A world in which every pair rule refuses somebody and every fact is missing now and then."""
    draw = np.random.default_rng(seed)

    def some(values: Any, chance: float = 0.8) -> Any:
        value = values[int(draw.integers(len(values)))]
        return value if draw.random() < chance else None

    def several(values: Any, most: int = 2) -> list[Any]:
        return [values[int(k)] for k in draw.permutation(len(values))[: int(draw.integers(0, most + 1))]]

    def day(least: int, most: int) -> Any:
        return TODAY + timedelta(days=int(draw.integers(least, most)))

    people, places = int(draw.integers(1, 40)), int(draw.integers(0, 90))
    seekers = [
        {
            "seeker_id": f"S{k:02d}", "partner_id": some(["P1", "P2"]), "county_fips": some(COUNTIES), "zip": some(["97001", "97002", "97003"]),
            "max_commute_min": some([20, 30]), "wage_floor": some([15.0, 18.5, 20.0]),
            "languages": several(["en", "es"]), "credentials": several(["cdl", "cna"]),
            "skills": several(["a", "b", "c"], 3), "funding_streams": several(["adult", "dw"]), "last_soc": some(SOCS), "career_map_soc": several(SOCS),
            "months_experience": some([3, 30]), "shifts": several(["day", "night", "any"]), "hours_available": some([20.0, 40.0]),
            "prior_employer_ids": several(["E1", "E2", "E9"]), "ojt_workshop_date": day(-30, 2), "consent_until": day(-2, 30),
            "pool_entry_date": some([day(-200, 3)]), "populations": several(["homeless", "low_income"]), "low_income": some([True, False]),
            "status": some(["active", "active", "active", "exited"]),
        }
        for k in range(people)
    ]  # fmt: skip
    slots = [
        {
            "slot_id": f"J{k:02d}", "openings": 1, "employer_id": some(["E1", "E2", "E3"]), "county_fips": some(COUNTIES), "zip": some(["97001", "97009"]),
            "center_id": some(["C1", "C2"]), "wage": some([14.0, 18.0, 24.0]), "required_languages": several(["en", "es"], 1), "skills": several(["a", "b"]),
            "required_credentials": several(["cdl", "cna"], 1), "funding_stream": some(["adult", "dw"]), "onet_soc": some(SOCS),
            "shift": some(["day", "night", "any"]), "hours_per_week": some([20.0, 40.0]), "fill_by": some([day(-1, 30)]), "start_date": some([day(-1, 30)]),
            "posted_date": day(-30, 0),
            "designated_seeker_id": some([f"S{int(draw.integers(people)):02d}", "S99"], 0.1), "origin": some(["business_first"] * 9 + ["reverse_referral"]),
        }
        for k in range(places)
    ]  # fmt: skip
    commitments = {(int(draw.integers(people)), int(draw.integers(places))): some(STATUSES, 1.0) for _ in range(int(draw.integers(0, 12)))} if places else {}
    return Problem(
        world(
            seekers=seekers,
            slots=slots,
            employers=[{"employer_id": "E1", "pattern_of_failure": bool(draw.random() < 0.2)}, {"employer_id": "E2"}, {"employer_id": "E3"}],
            commutes=[{"from_zip": one, "to_zip": "97001", "minutes": int(draw.integers(10, 40))} for one in ("97001", "97002")],
            commitments=[{"seeker_id": f"S{one:02d}", "slot_id": f"J{other:02d}", "status": status} for (one, other), status in commitments.items()],
            reference=[{"seeker_id": f"S{int(draw.integers(people)):02d}", "slot_id": "J01"}],
            pins=[{"seeker_id": "S00", "slot_id": "J02", "action": "forbid"}],
        ),
        Policy.from_dict({"eligibility": _rules(draw), "limits": limits}),
    )


def _rules(draw: np.random.Generator) -> list[dict[str, Any]]:
    """The default rules and a held center, in any order, some of them left out and one of them twice."""
    every = [{"kind": kind} for kind in Policy.default_eligibility()] + [HOLD, {"kind": "wage_floor", "label": "least", "minimum": 18}]
    return [every[int(k)] for k in draw.permutation(len(every)) if draw.random() < 0.6]


Table = dict[tuple[int, int], int]


def plainly(problem: Problem) -> tuple[Table, dict[str, int], dict[str, list[int]]]:
    """Scores of the eligible pairs, and first refusals by rule, in all and of each seeker: one rule after the other over every pair."""
    people, places = problem.scenario.size("seekers"), problem.scenario.size("slots")
    seekers, slots = np.repeat(np.arange(people, dtype=np.int32), places), np.tile(np.arange(places, dtype=np.int32), people)
    alive = np.ones(len(seekers), dtype=bool)
    refusals, refused_by = {}, {}
    for rule in sorted(problem.eligibility, key=lambda rule: ("seeker", "slot", "pair").index(rule.looks_at)):
        refused = alive & ~rule.mask(problem, seekers, slots)
        refusals[rule.name] = int(refused.sum())
        refused_by[rule.name] = np.bincount(seekers[refused], minlength=people).tolist()
        alive &= ~refused
    begun, ended = pairs_in(problem, FROZEN_STATUSES), pairs_in(problem, CLOSED_STATUSES)
    may = (set(zip(seekers[alive].tolist(), slots[alive].tolist(), strict=True)) - ended) | begun
    left = sorted(may)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality, "MANY", 1 << 30)  # no table of fits
        one, other = np.array(left, dtype=np.int32).reshape(-1, 2).T
        scores = problem.policy.match_quality.score(problem, one, other)
    return dict(zip(left, scores.tolist(), strict=True)), refusals, refused_by


def pairs_in(problem: Problem, statuses: tuple[str, ...]) -> set[tuple[int, int]]:
    found = problem.commitments(statuses)
    return set(zip(found.seeker.tolist(), found.slot.tolist(), strict=True))


def listed(pairs: Pairs) -> Table:
    assert (pairs.seeker.dtype, pairs.slot.dtype, pairs.score.dtype) == (np.int32, np.int32, np.int64)
    may = list(zip(pairs.seeker.tolist(), pairs.slot.tolist(), strict=True))
    assert may == sorted(set(may))
    return dict(zip(may, pairs.score.tolist(), strict=True))


@pytest.fixture(params=["as it is", "in small pieces", "in small tables"])
def sizes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "as it is":
        monkeypatch.setattr(crossing, "CHUNK", 7)
        monkeypatch.setattr(crossing, "WORDS", 3)
        monkeypatch.setattr(crossing, "TABLE", 4)
        monkeypatch.setattr(shortlist, "LEVELS", 3)
        monkeypatch.setattr(quality, "MANY", 1)
        monkeypatch.setattr(quality, "TABLE", 1 << 20 if "pieces" in request.param else 0)


@pytest.mark.usefixtures("sizes")
@pytest.mark.parametrize("block", range(3))
def test_the_crossing_is_the_cross_product(block: int) -> None:
    for seed in range(block * 12, block * 12 + 12):
        problem = rich_problem(seed)
        table, refusals, refused_by = plainly(problem)
        pairs = find_pairs(problem)
        assert listed(pairs) == table, seed
        assert dict(pairs.refusals) == refusals, seed
        assert {name: counts.tolist() for name, counts in pairs.refused_by.items()} == refused_by, seed
        assert (pairs.considered, pairs.left_out) == (problem.scenario.size("seekers") * problem.scenario.size("slots"), None)


def test_every_pair_rule_refuses_somebody_in_these_worlds() -> None:
    refused: dict[str, int] = {}
    for seed in range(15):
        for name, count in find_pairs(rich_problem(seed)).refusals.items():
            refused[name.partition("[")[0]] = refused.get(name.partition("[")[0], 0) + count
    pair_rules = {kind for kind, rule in discover("eligibility").items() if issubclass(rule, Eligibility) and rule.looks_at == "pair"}
    assert {kind for kind, count in refused.items() if count} >= pair_rules


@pytest.mark.usefixtures("sizes")
def test_a_cap_keeps_the_best_and_whatever_is_spoken_for() -> None:
    cut = 0
    for seed in range(16):
        problem, most = rich_problem(seed, pairs_per_seeker=seed % 4 + 1), seed % 4 + 1
        table, _, _ = plainly(problem)
        spoken_for = pairs_in(problem, OPEN_STATUSES) | set(zip(*(column.tolist() for column in problem.reference), strict=True)) | {(0, 2)}
        kept = {}
        for seeker in range(problem.scenario.size("seekers")):
            best = sorted((pair for pair in table if pair[0] == seeker), key=lambda pair: (-table[pair], pair[1]))
            kept |= {pair: table[pair] for k, pair in enumerate(best) if k < most or pair in spoken_for}
        pairs = find_pairs(problem)
        assert listed(pairs) == kept, seed
        assert pairs.left_out is not None
        assert pairs.left_out.tolist() == [sum(pair[0] == k for pair in table.keys() - kept.keys()) for k in range(problem.scenario.size("seekers"))]
        cut += len(table) - len(kept)
    assert cut > 100


def test_the_columns_that_a_rule_names_are_all_that_it_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = rich_problem(3)
    one, other = np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32)
    looked_at: set[str] = set()
    for name in ("coded", "lists", "flags", "days", "numbers", "integers", "link"):
        monkeypatch.setattr(Scenario, name, _recording(getattr(Scenario, name), looked_at))
    for kind, rule in discover("eligibility").items():
        if issubclass(rule, Eligibility) and rule.reads is not None:
            looked_at.clear()
            rule.model_validate({"kind": kind}).mask(Problem(problem.scenario, problem.policy), one, other)
            assert {column for column in looked_at if column.startswith(("seekers.", "slots."))} <= set(rule.reads), kind


def _recording(method: Any, looked_at: set[str]) -> Any:
    def recorded(self: Scenario, table: str, column: str, *more: Any) -> Any:
        looked_at.add(f"{table}.{column}")
        return method(self, table, column, *more)

    return recorded


class Undeclared(Eligibility):
    """A rule that says nothing about what it reads: only the third seeker, and never the second slot."""

    kind: str = "undeclared"

    def mask(self, problem: Problem, seekers: Any, slots: Any) -> Any:
        return (seekers == 2) & (slots != 1)

    def reason(self, problem: Problem, seeker: int, slot: int) -> str:
        return ""


def test_a_rule_that_declares_nothing_is_asked_about_everybody() -> None:
    facts = world(seekers=[{"seeker_id": f"S{k}"} for k in range(4)], slots=[{"slot_id": f"J{k}", "openings": 1} for k in range(3)])
    problem = Problem(facts, Policy(eligibility=(Undeclared(kind="undeclared"),)))
    pairs = find_pairs(problem)
    assert (pairs.seeker.tolist(), pairs.slot.tolist(), pairs.refusals) == ([2, 2], [0, 2], {"undeclared": 10})
