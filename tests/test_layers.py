"""Layers of a policy: what extends what, what wins, who set it, and what `--set` may and may not do."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from allocator.errors import Fault, InputError
from allocator.layers import DEFAULT, SET, Layers, entry_place, leaves, load_layers, load_policy

BASE = """
name = "base"
[limits]
time = 60
gap = 0.01
[[eligibility]]
kind = "in_pool"
[[constraints]]
kind = "reservation"
label = "partner"
beneficiaries = "any_partner"
share = 0.30
[[constraints]]
kind = "staff_capacity"
points = 2
[[goals]]
kind = "placements"
[[goals]]
kind = "match_quality"
weights = {wage = 10}
"""
TOP = """
extends = "../base/policy.toml"
[limits]
time = 30
[[constraints]]
kind = "reservation"
label = "partner"
mode = "minimum_hard"
[[constraints]]
kind = "reservation"
label = "a.b [c]"
beneficiaries = {population = "homeless"}
count = 3
"""


@pytest.fixture
def top(tmp_path: Path) -> Path:
    write(tmp_path / "base" / "policy.toml", BASE)
    return write(tmp_path / "top" / "policy.toml", TOP)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def entries(layers: Layers, section: str) -> dict[str, Any]:
    return {rule.name: rule for rule in getattr(layers.policy, section)}


def faults(path: Path | None, *sets: str, own_pairs: bool = False) -> tuple[Fault, ...]:
    with pytest.raises(InputError) as caught:
        load_layers(path, sets, own_pairs=own_pairs)
    return caught.value.faults


# -- merging --------------------------------------------------------------------------------------------------------


def test_plain_keys_replace_and_limits_merge_key_by_key(top: Path) -> None:
    layers = load_layers(top)
    assert layers.policy.name == "base"
    assert (layers.policy.limits.time, layers.policy.limits.gap) == (30, Decimal("0.01"))
    assert layers.origins["limits.time"] == "policy.toml"
    assert layers.origins["limits.gap"] == "base/policy.toml"
    assert layers.origins["holidays"] == DEFAULT


def test_entries_of_the_same_kind_and_label_merge_and_others_are_appended(top: Path) -> None:
    found = entries(load_layers(top), "constraints")
    assert list(found) == ["reservation[partner]", "staff_capacity", "reservation[a.b [c]]"]
    assert (found["reservation[partner]"].share, found["reservation[partner]"].mode) == (Decimal("0.30"), "minimum_hard")
    assert found["reservation[a.b [c]]"].beneficiaries.populations == ("homeless",)


def test_each_value_names_the_layer_that_set_it(top: Path) -> None:
    origins = load_layers(top, ["constraints.staff_capacity.points=3"]).origins
    assert origins["constraints.reservation[partner].share"] == "base/policy.toml"
    assert origins["constraints.reservation[partner].mode"] == "policy.toml"
    assert origins["constraints.reservation[partner].rounding"] == DEFAULT
    assert origins["constraints.reservation[partner].beneficiaries.partners"] == "base/policy.toml"
    assert origins["constraints.reservation[a.b [c]].beneficiaries.populations"] == "policy.toml", "`population` was written for `populations`"
    assert origins["constraints.staff_capacity.points"] == SET
    assert origins["goals.match_quality.weights.wage"] == "base/policy.toml"
    assert origins["goals.match_quality.weights.need"] == DEFAULT
    assert set(origins) == set(leaves(load_policy(top)))


def test_goals_of_the_upper_layer_replace_those_below_as_a_whole(top: Path) -> None:
    top.write_text(TOP + '[[goals]]\nkind = "match_quality"\n')
    layers = load_layers(top)
    assert [goal.kind for goal in layers.policy.goals or ()] == ["match_quality"]
    assert layers.origins["goals.match_quality.weights.wage"] == DEFAULT


def test_an_upper_layer_switches_an_entry_off(top: Path) -> None:
    top.write_text(TOP + '[[constraints]]\nkind = "staff_capacity"\nenabled = false\n')
    assert not entries(load_layers(top), "constraints")["staff_capacity"].enabled


def test_entries_without_a_label_are_numbered_in_each_layer_alike(tmp_path: Path) -> None:
    write(tmp_path / "base.toml", '[[constraints]]\nkind = "budget"\navailable = 1\n[[constraints]]\nkind = "budget"\navailable = 2\n')
    path = write(tmp_path / "top.toml", 'extends = "base.toml"\n[[constraints]]\nkind = "budget"\navailable = 5\n')
    found = entries(load_layers(path), "constraints")
    assert {name: rule.available for name, rule in found.items()} == {"budget": 5, "budget[budget 2]": 2}


def test_a_chain_of_three_and_json_among_them(tmp_path: Path) -> None:
    write(tmp_path / "c.toml", 'name = "c"\n[limits]\ntime = 1\ngap = 0.5')
    write(tmp_path / "b.json", '{"extends": "c.toml", "limits": {"time": 2}, "constraints": [{"kind": "budget", "available": 10.25}]}')
    layers = load_layers(write(tmp_path / "a.toml", 'extends = "b.json"\n[[constraints]]\nkind = "budget"\nwage_cap = 20.5'))
    assert (layers.policy.name, layers.policy.limits.time, layers.policy.limits.gap) == ("c", 2, Decimal("0.5"))
    budget = entries(layers, "constraints")["budget"]
    assert (budget.available, budget.wage_cap) == (Decimal("10.25"), Decimal("20.5"))
    assert layers.origins["limits.time"] == "b.json"


def test_an_empty_policy_and_none_at_all_are_the_defaults(tmp_path: Path) -> None:
    assert load_policy(write(tmp_path / "p.toml", "")).digest == load_policy(None).digest
    assert load_policy(None).goals is None


def test_a_policy_survives_the_way_out_and_in_again(top: Path, tmp_path: Path) -> None:
    import json

    policy = load_policy(top, ["constraints.reservation[partner].release.after_days=3"])
    again = write(tmp_path / "again.json", json.dumps(policy.to_dict()))
    assert load_policy(again).digest == policy.digest


# -- --set ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "place", "value"),
    [
        ("constraints.reservation[partner].share=0.4", "constraints.reservation[partner].share", "0.4"),
        ("constraints.reservation[a.b [c]].mode=cap", "constraints.reservation[a.b [c]].mode", "cap"),
        ("constraints.staff_capacity.points=5", "constraints.staff_capacity.points", 5),
        ("constraints.staff_capacity.extra_points.single_parent=1", "constraints.staff_capacity.extra_points.single_parent", 1),
        ("constraints.reservation[partner].scope=sector:62", "constraints.reservation[partner].scope.sectors", ["62"]),
        ('constraints.reservation[partner].beneficiaries=["partner:A", "tier:1"]', "constraints.reservation[partner].beneficiaries.tiers", ["1"]),
        ("constraints.reservation[partner].release={after_days = 5}", "constraints.reservation[partner].release.steps", None),
        ("goals.match_quality.weights.skills=0", "goals.match_quality.weights.skills", 0),
        ("goals.match_quality.weights={need = 7}", "goals.match_quality.weights.need", 7),
        ("eligibility.in_pool.enabled=false", "eligibility.in_pool.enabled", False),
        ("limits.time=5", "limits.time", 5),
        ("name=with a = sign", "name", "with a = sign"),
        ("holidays=[2026-11-11]", "holidays", ["2026-11-11"]),
    ],
)
def test_set_changes_one_value_and_is_named_as_its_source(top: Path, change: str, place: str, value: Any) -> None:
    layers = load_layers(top, [change])
    assert layers.origins[place] == SET
    if value is not None:
        assert leaves(layers.policy)[place] == value


def test_the_last_set_wins(top: Path) -> None:
    assert load_policy(top, ["limits.time=5", "limits.time=6"]).limits.time == 6


def test_set_without_a_value_takes_the_key_out(top: Path) -> None:
    layers = load_layers(top, ["constraints.reservation[partner].share=", "constraints.reservation[partner].count=4"])
    promise = entries(layers, "constraints")["reservation[partner]"]
    assert (promise.share, promise.count) == (None, 4)
    assert load_policy(top, ["limits.time="]).limits.time is None


def test_set_reaches_the_goals_and_eligibility_that_hold_by_default(tmp_path: Path) -> None:
    empty = write(tmp_path / "p.toml", "")
    assert load_policy(empty, ["goals.match_quality.weights.wage=99"]).match_quality.weights.wage == 99
    reached = load_policy(empty, ["eligibility.commute.reach=county"]).eligibility or ()
    assert next(rule for rule in reached if rule.kind == "commute").reach == "county"  # type: ignore[attr-defined]
    assert len(reached) == len(load_policy(empty).default_eligibility())


def test_where_the_scenario_brings_pairs_no_eligibility_is_there_to_be_set() -> None:
    (fault,) = faults(None, "eligibility.commute.reach=county", own_pairs=True)
    assert fault.code == "unknown_target"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (
            "constraints.reservation[partnr].share=1",
            "unknown_target",
            "Did you mean constraints.reservation[partner]? There are: constraints.reservation[partner], ",
        ),
        ("constraints.reservation.share=1", "ambiguous_target", "Say which: constraints.reservation[partner], constraints.reservation[a.b [c]]."),
        ("constraints.budget.available=1", "unknown_target", "There are: constraints.reservation[partner], constraints.staff_capacity"),
        ("goals.lottery.seed=1", "unknown_target", "There are: goals.placements, goals.match_quality."),
        ("limits.tme=1", "unknown_target", "Did you mean limits.time?"),
        ("colour=red", "unknown_target", "There are: limits.time, limits.gap, limits.memory, limits.pairs_per_seeker, name, holidays."),
        ("constraints.reservation[partner]=1", "bad_set", "Write section.kind[label].key=value"),
        ("nonsense", "bad_set", "Write section.kind[label].key=value"),
        ("constraints.reservation[partner].label=x", "bad_set", "label cannot be set."),
        ("constraints.reservation[partner].kind=cap", "bad_set", "kind cannot be set."),
        (
            "constraints.reservation[partner].beneficiaries.partners=A",
            "bad_set",
            "constraints.reservation[partner].beneficiaries is 'any_partner', not a table.",
        ),
        ("constraints.reservation[partner].share=1.3", "bad_value", "share is 1.3; it must be at most 1. Shares run from 0 to 1: 30 % is 0.3."),
        ("constraints.reservation[partner].shre=0.3", "unknown_key", "Did you mean 'share'?"),
        ("constraints.reservation[partner].count=3", "bad_value", "Give share or count, not both."),
        ("limits.time=soon", "bad_value", "time is soon"),
    ],
)
def test_what_set_cannot_do_is_a_fault_and_never_done_in_silence(top: Path, change: str, code: str, words: str) -> None:
    (fault,) = faults(top, change)
    assert (fault.code, fault.file) == (code, SET)
    assert words in str(fault)


# -- faults of files ------------------------------------------------------------------------------------------------


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    (fault,) = faults(write(tmp_path / "p.toml", 'name = "x"\nshare 0.3\n'))
    assert (fault.code, fault.file, fault.row, fault.column) == ("bad_toml", "p.toml", 2, "7")
    (fault,) = faults(write(tmp_path / "p.toml", 'name = "x"\nlimits = {\n'))
    assert (fault.code, fault.row) == ("bad_toml", 2)
    (fault,) = faults(write(tmp_path / "p.toml", 'name = "x"\nname = "y"\n'))
    assert (fault.code, fault.row) == ("bad_toml", 2)


def test_broken_json_names_the_line(tmp_path: Path) -> None:
    (fault,) = faults(write(tmp_path / "p.json", '{"name": "x",\n "limits" 3}'))
    assert (fault.code, fault.row) == ("bad_json", 2)
    (fault,) = faults(write(tmp_path / "p.json", '{"name": "x", "name": "y"}'))
    assert "the key 'name' is there twice" in fault.message
    (fault,) = faults(write(tmp_path / "p.json", "[1, 2]"))
    assert fault.code == "not_a_table"


def test_text_in_another_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_bytes('name = "ok"\nname2 = "Müller"'.encode("latin-1"))
    (fault,) = faults(path)
    assert (fault.code, fault.row) == ("not_utf8", 2)
    path.write_bytes(b'\xef\xbb\xbfname = "with a byte order mark"')
    assert load_policy(path).name == "with a byte order mark"


def test_a_missing_file_and_a_missing_base(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "nowhere.toml")
    assert fault.code == "not_found"
    (fault,) = faults(write(tmp_path / "p.toml", 'extends = "nowhere.toml"'))
    assert (fault.code, fault.file, fault.column) == ("not_found", "p.toml", "extends")
    assert "that p.toml extends" in fault.message
    (fault,) = faults(write(tmp_path / "p.toml", "extends = 3"))
    assert (fault.code, fault.column) == ("bad_value", "extends")


def test_a_circle_is_named(tmp_path: Path) -> None:
    write(tmp_path / "b.toml", 'extends = "a.toml"')
    (fault,) = faults(write(tmp_path / "a.toml", 'extends = "b.toml"'))
    assert fault.code == "extends_cycle"
    assert "a.toml extends b.toml extends a.toml" in fault.message
    (fault,) = faults(write(tmp_path / "self.toml", 'extends = "self.toml"'))
    assert fault.code == "extends_cycle"


def test_faults_of_all_layers_come_at_once_each_with_its_file(tmp_path: Path) -> None:
    write(tmp_path / "base.toml", 'colour = "red"\n[[constraints]]\nkind = "reservatoin"\n[[constraints]]\nkind = "budget"\navailable = -1\n')
    path = write(tmp_path / "top.toml", 'extends = "base.toml"\ngoals = 3\n[limits]\ntime = 0\n')
    found = {(fault.file, fault.code) for fault in faults(path, "x=1")}
    assert found == {
        ("base.toml", "unknown_key"), ("base.toml", "unknown_kind"), ("base.toml", "bad_value"), ("top.toml", "not_a_list"), ("top.toml", "bad_value"),
        (SET, "unknown_target"),
    }  # fmt: skip


def test_the_same_label_twice_in_one_layer(tmp_path: Path) -> None:
    entry = '[[constraints]]\nkind = "budget"\nlabel = "adult"\navailable = 1\n'
    (fault,) = faults(write(tmp_path / "p.toml", entry + entry))
    assert (fault.code, fault.column, fault.file) == ("duplicate_label", "constraints.budget[adult]", "p.toml")


def test_a_fault_found_later_is_placed_at_its_layer(top: Path) -> None:
    layers = load_layers(top, ["constraints.staff_capacity.points=3"])
    for place, file in (
        ("constraints.reservation[partner].share", "base/policy.toml"),
        ("constraints.reservation[partner].release[1].to", "policy.toml"),
        ("constraints.staff_capacity", SET),
        ("constraints.unheard_of", "policy"),
    ):
        assert layers.placed(Fault("x", "x", file="policy", column=place)).file == file
    assert layers.placed(Fault("x", "x", file="seekers.csv")).file == "seekers.csv"


def test_the_entry_of_a_place() -> None:
    assert entry_place("constraints.reservation[a.b].share") == "constraints.reservation[a.b]"
    assert entry_place("constraints.pins.pins") == "constraints.pins"
    assert entry_place("limits.time") == ""
