"""Explanations are computed, not narrated: each is borne out by solving again, each fix by applying it; nobody else shows in what a seeker is told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from allocator import InputError, Opened, open_result, solve
from allocator.cli import app
from allocator.engines.base import Clock
from allocator.engines.regret import difference, regrets, values
from allocator.engines.warm import Change
from allocator.explain import Explainer
from allocator.explanations.catalogue import GIVING, INTERNAL, KINDS, MENDS, REFUSING, SEEKER
from allocator.explanations.explanation import VERDICTS, Explanation, Fix
from allocator.policy import Policy
from tests.explained import NAMES, bear_out, bear_out_together, best, explained
from tests.worlds import orders, people, scores, world

SCENARIOS = Path(__file__).parents[1] / "scenarios"


def drawn(seed: int, most: int) -> int:
    """Bear out explanations of a random world, drawn at random; how many."""
    made = explained(seed)
    if made is None:
        return 0
    opened, explainer = made
    draw = np.random.default_rng(seed)
    people, slots = opened.scenario.ids("seekers"), opened.scenario.ids("slots")
    for told in explainer.everybody():
        assert told.verdict in VERDICTS
        in_words(told)
        bear_out(opened, told, exactly=False)
    for _ in range(most):
        who, what = str(draw.choice(people)), str(draw.choice(slots))
        told = explainer.why_not(who, what) if draw.random() < 0.6 else explainer.seeker(who)
        bear_out(opened, told)
        in_words(told)
        nobody_else(opened, told)
    return most


def in_words(told: Explanation) -> None:
    """No name of the policy's grammar where staff read a sentence: no kind with an underscore, no `kind[label]`."""
    said = " ".join([told.sentence(), "" if told.fix is None else str(told.fix.as_dict()["sentence"])])
    assert not re.search(NAMES, said), said


def nobody_else(opened: Opened, told: Explanation) -> None:
    """No id of another person, no population, tier or partner in anything that the seeker is told."""
    others = {str(other) for other in opened.scenario.ids("seekers")} - {told.name}
    for language in ("en", "es"):
        said = json.dumps(told.as_dict("seeker", language))
        words = set(re.findall(r"[\w-]+", said))
        assert not words & others, said
        assert not words & {"tier", "homeless", "veteran_spouse", "single_parent", "P1", "P2", "coach", "liaison", "rep", "account"}, said


@pytest.mark.parametrize("part", range(4))
def test_explanations_drawn_at_random_are_borne_out(part: int) -> None:
    assert sum(drawn(70_000 + 100 * part + seed, 5) for seed in range(3)) >= 5


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_five_hundred_explanations_over_fifty_worlds_are_borne_out(part: int) -> None:
    total, seed = 0, 80_000 + 1_000 * part
    while total < 50:
        total, seed = total + drawn(seed, 10), seed + 1


def test_regrets_and_differences_say_what_solving_again_says() -> None:
    asked = 0
    for seed in range(90_000, 90_012):
        made = explained(seed)
        if made is None or not len(made[0].program.pairs):
            continue
        opened = made[0]
        warm, held = opened.warm(), values(opened.program, opened.columns)
        known = regrets(warm)
        for pair in range(len(opened.program.pairs)):
            told = difference(warm, Change(forced=np.array([pair])), hint=(int(known.goal[pair]), int(known.loss[pair])))
            found = best(opened.program, Change(forced=np.array([pair])))
            asked += 1
            if found is None:
                assert told.telling == "impossible"
                continue
            first = next((k for k in range(len(held)) if found[k] != held[k]), -1)
            assert (told.telling, told.goal) == (("equal", -1) if first < 0 else ("worse", first))
            assert told.proved
            assert first < 0 or told.least == held[first] - found[first]
            assert known.goal[pair] < 0 or first in range(known.goal[pair] + 1)
            assert known.goal[pair] != first or first < 0 or known.loss[pair] <= told.least
    assert asked > 30


# -- each verdict, in the smallest world that has it ----------------------------------------------------------------------


def told_of(policy: dict[str, Any], **tables: Any) -> Explainer:
    scenario = world(**tables)
    return Explainer(Opened.of(scenario, solve(scenario, Policy.from_dict(policy))), seconds=None)


QUALITY = [{"kind": "placements"}, {"kind": "match_quality"}]


def test_outbid_says_who_holds_the_seat_and_what_it_costs() -> None:
    told = told_of({"goals": QUALITY}, seekers=people(2), slots=orders(1), pairs=scores({("S1", "J1"): 50, ("S2", "J1"): 40})).seeker("S2")
    assert (told.verdict, told.code) == ("outbid", "outbid")
    assert told.sentence() == (
        "S2 is outbid: every slot that admits them is full (1 slot). The nearest is J1, held by S1 (50 points, tier 5). "
        "Placing S2 costs 10 points of match quality. The cheapest direct swap, taking J1 instead of S1, costs 10 points of match quality."
    )
    assert told.sentence("seeker") == "Every opening that fits you is taken in this round (1 opening)."
    assert told.fix is not None
    assert told.fix.as_dict()["sentence"] == "One more opening at J1 would admit S2 at J1."


def test_blocked_names_the_row_and_the_point_that_is_missing() -> None:
    explainer = told_of(
        {"constraints": [{"kind": "staff_capacity", "label": "coaches"}], "goals": QUALITY},
        seekers=people(2, staff_id="ANN"), slots=orders(2), staff=[{"staff_id": "ANN", "capacity": 1}], pairs=scores({("S1", "J1"): 50, ("S2", "J1"): 40}),
    )  # fmt: skip
    told = explainer.seeker("S2")
    assert (told.verdict, told.code) == ("blocked", "blocked_row")
    assert told.fix is not None
    assert told.fix.as_dict() == {
        "code": "fix_rows", "sentence": "One more point of staff capacity for ANN would admit S2 at J1.",
        "changes": [{"op": "set", "path": "staff[ANN].capacity", "value": 2}], "rows": {"staff_capacity[coaches][ANN]": {"side": "at_most", "by": 1}},
    }  # fmt: skip
    assert told.fix.as_dict("seeker")["sentence"] == "More staff time would make a place for you at J1."
    slot = explainer.slot("J1")
    assert (slot.verdict, slot.code) == ("blocked", "slot_blocked")
    rule = explainer.rule("coaches")[0]
    assert rule.code == "rule_binding"
    assert rule.numbers["more_less"]["more"]["telling"] == "better"
    assert rule.numbers["more_less"]["less"] == {
        "telling": "worse",
        "kind": "placements",
        "label": "placements",
        "unit": "people",
        "least": 1,
        "most": 1,
        "first": True,
    }


def test_a_promise_in_the_way_is_made_smaller_by_a_share() -> None:
    explainer = told_of(
        {"constraints": [{"kind": "reservation", "label": "north", "beneficiaries": "partner:N", "share": 0.5, "mode": "set_aside"}], "goals": QUALITY},
        seekers=people(3), slots=orders(4), partners=[{"partner_id": "N"}],
        pairs=scores({("S1", "J1"): 50, ("S2", "J1"): 40, ("S3", "J1"): 30}),
    )  # fmt: skip
    told = explainer.seeker("S3")
    assert (told.verdict, told.code) == ("blocked", "blocked_row")
    assert told.fix is not None
    assert told.fix.as_dict()["sentence"] == "A promise of 25 % instead of 50 % for north (1 instead of 2 seats) would admit S3 at J1."
    assert told.fix.changes == ({"op": "set", "path": "constraints.reservation[north].share", "value": 0.25},)


def test_chance_and_equality_are_ties() -> None:
    facts = {"seekers": people(2), "slots": orders(1), "pairs": scores({("S1", "J1"): 50, ("S2", "J1"): 50})}
    equal = told_of({"goals": QUALITY}, **facts)
    loser = next(who for who in ("S1", "S2") if equal.seeker(who).verdict != "placed")
    assert equal.seeker(loser).code == "tie_equal"
    assert equal.why_not(loser, "J1").code == "why_not_equal"
    drawn = told_of({"goals": [*QUALITY, {"kind": "lottery", "seed": 1}]}, **facts)
    loser = next(who for who in ("S1", "S2") if drawn.seeker(who).verdict != "placed")
    assert drawn.seeker(loser).code == "tie_lottery"
    assert [told.code for told in drawn.everybody() if told.name == loser] == ["tie_lottery"]


def test_who_has_begun_keeps_others_out() -> None:
    explainer = told_of(
        {"goals": QUALITY}, seekers=people(2), slots=orders(1), pairs=scores({("S1", "J1"): 10, ("S2", "J1"): 90}),
        commitments=[{"seeker_id": "S1", "slot_id": "J1", "status": "started"}],
    )  # fmt: skip
    told = explainer.seeker("S2")
    assert (told.verdict, told.code) == ("kept", "kept_rows")
    assert told.sentence("seeker") == "You could not be placed because earlier offers are being kept."
    assert explainer.why_not("S2", "J1").verdict == "kept"


def test_stability_that_holds_a_place_is_kept() -> None:
    explainer = told_of(
        {"goals": [{"kind": "placements"}, {"kind": "stability"}, {"kind": "match_quality"}]}, seekers=people(2), slots=orders(1),
        pairs=scores({("S1", "J1"): 10, ("S2", "J1"): 90}), reference=[{"seeker_id": "S1", "slot_id": "J1"}],
    )  # fmt: skip
    assert (explainer.seeker("S2").verdict, explainer.seeker("S2").code) == ("kept", "kept_goal")
    assert explainer.why_not("S2", "J1").code == "why_not_kept"


def test_the_ineligible_are_told_what_is_missing() -> None:
    explainer = told_of({"eligibility": [{"kind": "workshop"}, {"kind": "credentials"}], "goals": QUALITY},
        seekers=[{"seeker_id": "S1", "credentials": []}, {"seeker_id": "S2", "credentials": ["CDL"], "ojt_workshop_date": None}],
        slots=[{"slot_id": "J1", "openings": 1, "required_credentials": ["CDL"]}])  # fmt: skip
    told = {each.name: each for each in explainer.everybody()}
    assert told["S1"].verdict == told["S2"].verdict == "ineligible"
    assert told["S1"].fix is not None
    assert told["S1"].fix.as_dict()["sentence"] == "The OJT workshop completed and the credential CDL would make S1 eligible for J1."
    assert told["S2"].fix is not None
    assert [change["path"] for change in told["S2"].fix.changes] == ["seekers[S2].ojt_workshop_date"]
    assert (
        explainer.why_not("S1", "J1").sentence("seeker") == "J1 is not open to you yet: the OJT workshop is missing or too long ago; a credential is missing."
    )


def test_an_unproved_result_claims_no_more_than_it_proves() -> None:
    made = explained(70_003)
    assert made is not None
    ground = made[1].ground
    ground.seconds = 0.0
    for told in made[1].everybody(seconds=0):
        bear_out(made[0], told, exactly=False)
    assert difference(ground.warm, Change(any_of=(np.arange(len(ground.pairs)),)), clock=Clock(0.0)).telling in ("open", "equal")


def test_every_code_is_worded_in_every_language() -> None:
    staff_only = {code for code in INTERNAL if code.startswith(("slot_", "rule_"))}
    for language, catalogue in SEEKER.items():
        assert set(catalogue) == set(INTERNAL) - staff_only, language


def test_each_language_says_the_same_with_the_same_facts() -> None:
    def facts(pieces: tuple[str, ...]) -> list[list[str]]:
        return [sorted(re.findall(r"\{(\w+)\}", piece)) for piece in pieces]

    for language, catalogue in SEEKER.items():
        for code, pieces in catalogue.items():
            assert facts(pieces) == facts(SEEKER["en"][code]), f"{language}: {code}"
            assert [piece.startswith("?") for piece in pieces] == [piece.startswith("?") for piece in SEEKER["en"][code]], f"{language}: {code}"
            assert language == "en" or pieces != SEEKER["en"][code], f"{language}: {code} is said in English"
    for words in (KINDS, REFUSING, MENDS, GIVING):
        for language, told in words.items():
            assert set(told) == set(words["en"]), language
            assert {code: facts((text,)) for code, text in told.items()} == {code: facts((text,)) for code, text in words["en"].items()}, language


# -- inversions ------------------------------------------------------------------------------------------------------------


def test_an_inversion_names_its_cause() -> None:
    tables = {
        "seekers": [{"seeker_id": "S1", "low_income": True, "staff_id": "ANN"}, {"seeker_id": "S2", "staff_id": "BOB"}], "slots": orders(1),
        "staff": [{"staff_id": "ANN", "capacity": 0}, {"staff_id": "BOB", "capacity": 1}], "pairs": scores({("S1", "J1"): 10, ("S2", "J1"): 90}),
    }  # fmt: skip
    goals = [{"kind": "priority_of_service"}, {"kind": "match_quality"}]
    full = told_of({"constraints": [{"kind": "staff_capacity", "label": "coaches"}], "goals": goals}, **tables).inversions()
    assert [(group.cause, group.rule, group.rows) for group in full.groups] == [("staff_capacity", "staff_capacity[coaches]", ("ANN",))]
    late = told_of({"goals": [{"kind": "match_quality"}, {"kind": "priority_of_service"}]}, **tables).inversions()
    assert [(group.cause, group.examples) for group in late.groups] == [("match_quality", (("S1", "J1", "S2"),))]
    unasked = told_of({"goals": [{"kind": "match_quality"}]}, **tables).inversions()
    assert [group.cause for group in unasked.groups] == ["no_priority"]
    assert len(told_of({"goals": goals}, **tables).inversions()) == 0
    begun = told_of({"goals": goals}, **tables, commitments=[{"seeker_id": "S2", "slot_id": "J1", "status": "started"}]).inversions()
    assert [group.cause for group in begun.groups] == ["commitment"]


def test_inversions_are_all_there_are_and_each_has_a_cause() -> None:
    found = 0
    for seed in range(95_000, 95_025):
        made = explained(seed)
        if made is None:
            continue
        opened, explainer = made
        pairs, tiers = opened.program.pairs, opened.problem.tiers
        told = explainer.inversions()
        chosen = np.flatnonzero(opened.columns[: len(pairs)])
        placed = set(pairs.seeker[chosen].tolist())
        ids, slots = opened.scenario.ids("seekers"), opened.scenario.ids("slots")
        by_hand = {
            (ids[pairs.seeker[pair]], slots[pairs.slot[pair]], ids[pairs.seeker[held]])
            for pair in range(len(pairs))
            for held in chosen
            if pairs.seeker[pair] not in placed and pairs.slot[pair] == pairs.slot[held] and tiers[pairs.seeker[pair]] < tiers[pairs.seeker[held]]
        }
        assert set(told.cases[["seeker_id", "slot_id", "held_by"]].itertuples(index=False, name=None)) == by_hand
        assert (told.cases["cause"] != "").all()
        assert "better_unused" not in set(told.cases["cause"])
        found += len(by_hand)
    assert found


# -- the command -----------------------------------------------------------------------------------------------------------


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["explain", *arguments])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("paper")
    assert CliRunner().invoke(app, ["allocate", str(SCENARIOS / "paper"), "--out", str(folder)]).exit_code == 0
    return str(folder)


def test_all_as_json_has_the_names_that_others_rely_on(out: str) -> None:
    done = run(out, "--all", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert {next(iter(each)) for each in told} <= {"seeker_id", "slot_id", "rule"}
    for each in told:
        assert list(each)[1:] == ["verdict", "code", "sentence", "fix", "numbers"]
        assert each["verdict"] in VERDICTS
    assert [each["seeker_id"] for each in told if "seeker_id" in each] == ["P1", "P2", "Q1", "Q2"]


def test_the_summary_says_how_to_ask_further(out: str) -> None:
    done = run(out)
    assert done.exit_code == 0, done.output
    assert "People: 3 placed" in done.stdout
    assert "--why-not SLOT" in done.stdout
    counts = json.loads(run(out, "--json").stdout)
    assert counts["seekers"] == {"placed": 3, "outbid": 1}


def test_questions_that_cannot_be_asked_are_refused_in_words(out: str) -> None:
    for arguments, code in (
        (["--why-not", "A"], "no_seeker"), (["--seeker", "X"], "unknown_seeker"), (["--seeker", "P1", "--why-not", "X"], "unknown_slot"),
        (["--slot", "X"], "unknown_slot"), (["--rule", "X"], "unknown_rule"), (["--slot", "A", "--register", "seeker"], "not_for_seekers"),
        (["--seeker", "P1", "--language", "es"], "no_translation"),
    ):  # fmt: skip
        done = run(out, *arguments, "--json")
        assert done.exit_code == 2, done.output
        assert json.loads(done.stdout)["faults"][0]["code"] == code


def test_a_result_without_a_plan_cannot_be_explained() -> None:
    scenario = world(seekers=people(1), slots=orders(1), pairs=scores({("S1", "J1"): 1}), partners=[{"partner_id": "N"}])
    policy = Policy.from_dict({"constraints": [{"kind": "reservation", "beneficiaries": "partner:N", "count": 1, "mode": "minimum_hard"}]})
    with pytest.raises(InputError, match="no plan to explain"):
        Explainer(Opened.of(scenario, solve(scenario, policy)))


# -- Portland --------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_portland_is_explained_and_its_fixes_are_borne_out(tmp_path: Path) -> None:
    folder = tmp_path / "portland"
    assert CliRunner().invoke(app, ["allocate", str(SCENARIOS / "portland"), "--out", str(folder)]).exit_code == 0
    portland_is_borne_out(open_result(folder))


def portland_is_borne_out(opened: Opened) -> None:
    """Everybody has a verdict; every fix is applied, and a plan with it is feasible and not worse; every "equally good" comes with such a plan."""
    explainer = Explainer(opened)
    told = explainer.everybody(seconds=60)
    people = [each for each in told if each.subject == "seeker_id"]
    assert [each.name for each in people] == opened.scenario.ids("seekers").tolist()
    for each in people:
        assert (each.verdict == "placed") == (each.name in set(opened.result.assignments["seeker_id"]))
        nobody_else(opened, each)
    facts = [each for each in people if each.fix is not None and each.fix.code == "fix_eligible"]
    bear_out_together(opened, [each.fix for each in facts if each.fix is not None])
    rows = [each for each in people if each.fix is not None and each.fix.code == "fix_rows"]
    assert len(facts) > 500
    assert len(rows) > 50
    for each in rows:
        assert each.fix is not None
        witness(explainer, each.fix)


def witness(explainer: Explainer, fix: Fix) -> None:
    """The plan with the pair added keeps the widened program's rows, and is not worse: the same claim that solving again would make, with its plan at hand."""
    ground = explainer.ground
    one, other = (ground.problem.scenario.position(table, str(fix.numbers[name])) for table, name in (("seekers", "seeker"), ("slots", "slot")))
    pair = int(ground.pairs.find(np.array([one], dtype=np.int32), np.array([other], dtype=np.int32))[0])
    added = ground.room.with_pair(pair)
    assert added is not None
    sides: dict[str, dict[int, float | None]] = {"at_least": {}, "at_most": {}}
    for name, (side, by) in fix.rows.items():
        row = ground.program.row_number(name)
        sides[side][row] = int((ground.room.lower if side == "at_least" else ground.room.upper)[row]) + by
    widened = Change(sides["at_least"], sides["at_most"]).of(ground.program)
    assert not list(widened.broken_rows(added.columns))
    assert added.columns[pair] == 1
    assert values(widened, added.columns) >= values(ground.program, ground.columns)
