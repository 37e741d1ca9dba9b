"""What has become of each record between two snapshots of the facts."""

from __future__ import annotations

from pathlib import Path

from allocator.read import read_scenario
from allocator.scenario import Scenario
from allocator.snapshots import TableChanges, changed_tables

BEFORE = {
    "seekers.csv": "seeker_id,center_id,wage_floor\nS1,C1,15\nS2,C1,\nS3,C1,18\n",
    "slots.csv": "slot_id,openings\nJ1,1\n",
    "centers.csv": "center_id\nC1\nC2\n",
    "demographics.csv": "seeker_id,sex\nS1,female\n",
}


def facts(folder: Path, files: dict[str, str]) -> Scenario:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "scenario.toml").write_text("as_of = 2026-11-02\n")
    return read_scenario(folder)


def between(tmp_path: Path, after: dict[str, str]) -> dict[str, TableChanges]:
    one, other = facts(tmp_path / "before", BEFORE), facts(tmp_path / "after", after)
    return {each.table: each for each in changed_tables(one, other)}


def test_records_come_go_and_change(tmp_path: Path) -> None:
    told = between(tmp_path, {**BEFORE, "seekers.csv": "seeker_id,center_id,wage_floor\nS4,C1,\nS3,C2,18\nS1,C1,16\n"})
    seekers = told["seekers"]
    assert (seekers.before, seekers.after, seekers.come, seekers.gone, seekers.changed_count) == (3, 3, ["S4"], ["S2"], 2)
    changed = dict(seekers.changed(10))
    assert (list(changed), changed["S3"]) == (["S1", "S3"], {"center_id": ("C1", "C2")})
    assert changed["S1"]["wage_floor"][0] != changed["S1"]["wage_floor"][1]
    assert seekers.by_column == {"wage_floor": 1, "center_id": 1}
    assert len(list(seekers.changed(1))) == 1
    assert (told["slots"].changed_count, told["slots"].come, told["slots"].gone) == (0, [], [])
    assert "demographics" not in told


def test_a_column_that_comes_or_goes_changes_the_records_that_have_a_value_in_it(tmp_path: Path) -> None:
    told = between(
        tmp_path, {**BEFORE, "seekers.csv": "seeker_id,center_id\nS1,C1\nS2,C1\nS3,C1\n", "slots.csv": "slot_id,openings,fill_by\nJ1,1,2026-12-01\n"}
    )
    assert told["seekers"].by_column == {"wage_floor": 2}
    assert [key for key, _ in told["seekers"].changed(10)] == ["S1", "S3"]
    (_, cells), *_ = told["slots"].changed(10)
    assert cells["fill_by"][0] is None
    assert cells["fill_by"][1] is not None


def test_a_table_that_only_one_of_both_has_came_or_went_whole(tmp_path: Path) -> None:
    told = between(tmp_path, {name: text for name, text in BEFORE.items() if name != "centers.csv"} | {"partners.csv": "partner_id\nCBO1\n"})
    assert (told["centers"].gone, told["centers"].come, told["centers"].changed_count) == (["C1", "C2"], [], 0)
    assert (told["partners"].gone, told["partners"].come, told["partners"].changed_count) == ([], ["CBO1"], 0)
    assert [list(each.changed(10)) for each in told.values()] == [[]] * len(told)


def test_tables_with_keys_of_two_columns_come_and_go_too(tmp_path: Path) -> None:
    pairs = {**BEFORE, "pairs.csv": "seeker_id,slot_id,score\nS1,J1,50\n"}
    come = between(tmp_path, pairs)["pairs"]
    assert (come.come, list(come.changed(10))) == (["S1, J1"], [])
    gone = {each.table: each for each in changed_tables(facts(tmp_path / "more", pairs), facts(tmp_path / "less", BEFORE))}["pairs"]
    assert (gone.gone, gone.before, gone.after, list(gone.changed(10))) == (["S1, J1"], 1, 0, [])


def test_a_snapshot_differs_from_itself_in_nothing(tmp_path: Path) -> None:
    for each in between(tmp_path, BEFORE).values():
        assert (each.come, each.gone, each.changed_count, each.before) == ([], [], 0, each.after)
