"""Writing: what is written reads back as the same facts, and nothing that was there is lost."""

from __future__ import annotations

import builtins
import string
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from allocator.domain import TABLES, Column
from allocator.errors import InputError
from allocator.read import read_scenario
from allocator.scenario import Scenario
from allocator.write import Form, write_scenario
from tests.worlds import TODAY, orders, people, world

FORMS: tuple[Form, ...] = ("csv", "parquet", "xlsx")


def place(folder: Path, form: Form) -> Path:
    return folder / ("facts.xlsx" if form == "xlsx" else "facts")


def fault_code(scenario: Scenario, path: Path, form: Form = "csv") -> str:
    with pytest.raises(InputError) as caught:
        write_scenario(scenario, path, form=form)
    assert all(fault.message and fault.fix for fault in caught.value.faults)
    return caught.value.faults[0].code


SMALL = world(seekers=people(2), slots=orders(1, 2), name="small")

# -- round trips ------------------------------------------------------------------------------------------------

words = st.text(string.ascii_letters + string.digits + " _-+=@'\"#,;|é→\n\r\t%$\\", min_size=1, max_size=12).map(str.strip).filter(bool)
ids = st.text(string.ascii_letters + string.digits + "-+=@'\"#,é0 ", min_size=1, max_size=8).map(str.strip).filter(bool)
SPECIAL = {
    "county_fips": st.sampled_from(["41051", "01001"]),
    "naics": st.sampled_from(["23", "31-33", "541511"]),
    "onet_soc": st.sampled_from(["47-2061.00", "15-1252"]),
    "last_soc": st.sampled_from(["47-2061.00", "15-1252"]),
    "career_map_soc": st.lists(st.sampled_from(["47-2061.00", "15-1252"]), unique=True).map(tuple),
    "layoff_soc": st.lists(st.sampled_from(["47-2061.00", "15-1252"]), unique=True).map(tuple),
}


def values(column: Column) -> st.SearchStrategy[Any]:
    """Any value the column may hold, None among them where it may be blank."""
    if column.ref and column.ref in ("seekers", "slots"):
        of = st.just("S1" if column.ref == "seekers" else "J1")
    elif column.name in SPECIAL:
        of = SPECIAL[column.name]
    elif column.among:
        of = st.lists(st.sampled_from(column.among), unique=True).map(tuple) if column.kind == "codes" else st.sampled_from(column.among)
    elif column.kind == "codes":
        item = st.text(string.ascii_lowercase + "_é", min_size=1, max_size=6)
        return st.lists(item, unique=True, max_size=3).map(tuple)
    elif column.kind == "flag":
        of = st.booleans()
    elif column.kind == "day":
        of = st.dates(date(1900, 1, 1), date(2200, 12, 31))
    elif column.kind == "whole" or (column.required and column.unit in ("people", "minutes")):
        of = st.integers(int(column.least or 0), int(column.most if column.most is not None else 10**9))
    elif column.name == "score":
        of = st.integers(0, int(column.most or 10**9) * 100).map(lambda hundredths: hundredths / 100)
    elif column.kind == "number":
        of = st.floats(column.least or 0, column.most if column.most is not None else 1e9, allow_nan=False, width=64)
    else:
        of = ids if column.kind == "id" else words
    return of if column.required else st.none() | of


def records(table: str, most: int = 3) -> st.SearchStrategy[list[dict[str, Any]]]:
    columns = TABLES[table].columns()
    # References to tables that this world may not have would dangle.
    free = {name: column for name, column in columns.items() if column.required or column.ref in ("", "seekers")}
    fixed = {name: values(column) for name, column in free.items() if column.required}
    wanted = st.lists(st.sampled_from(sorted(free)), unique=True).map(set)
    one = wanted.flatmap(lambda names: st.fixed_dictionaries({**fixed, **{name: values(free[name]) for name in sorted(names)}}))
    return st.lists(one, min_size=1, max_size=most, unique_by=lambda record: tuple(record[key] for key in TABLES[table].keys))


@st.composite
def worlds(draw: st.DrawFn) -> Scenario:
    tables = {table: draw(records(table)) for table in ("seekers", "slots")}
    tables["seekers"] = [record for record in tables["seekers"] if record["seeker_id"] != "S1"] + people(1)
    tables["slots"] = [record for record in tables["slots"] if record["slot_id"] != "J1"] + orders(1)
    for table in draw(st.lists(st.sampled_from(sorted(set(TABLES) - set(tables))), unique=True, max_size=3)):
        tables[table] = draw(records(table))
    return world(name=draw(words), as_of=draw(st.dates(date(1900, 1, 1), date(2200, 1, 1))), **tables)


@pytest.mark.parametrize("form", FORMS)
def test_whatever_is_written_reads_back_the_same(form: Form, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(worlds())
    def check(scenario: Scenario) -> None:
        path = place(tmp_path_factory.mktemp("round"), form)
        write_scenario(scenario, path, form=form)
        back = read_scenario(path)
        assert (back.digest, back.name, back.as_of) == (scenario.digest, scenario.name, scenario.as_of)
        assert not [fault for fault in back.warnings if fault.code not in ("over_capacity", "fill_before_posting", "start_before_posting")]

    check()


@pytest.mark.parametrize("form", FORMS)
def test_writing_twice_changes_nothing(form: Form, tmp_path: Path) -> None:
    for _ in range(2):
        write_scenario(SMALL, place(tmp_path, form), form=form)
    assert read_scenario(place(tmp_path, form)).digest == SMALL.digest
    assert [entry.name for entry in tmp_path.iterdir()] == [place(tmp_path, form).name], "nothing is left lying beside it"


def test_a_number_that_excel_would_shorten_survives(tmp_path: Path) -> None:
    scenario = world(seekers=people(1, wage_floor=0.1 + 0.2), slots=orders(1))
    write_scenario(scenario, tmp_path / "a.xlsx", form="xlsx")
    assert read_scenario(tmp_path / "a.xlsx", as_of=TODAY).digest == scenario.digest


def test_a_workbook_holds_ids_as_text_and_no_formulas(tmp_path: Path) -> None:
    scenario = world(seekers=[{"seeker_id": "007"}], slots=orders(1), partners=[{"partner_id": "=1+1", "name": "=cmd|' /C calc'!A0"}])
    write_scenario(scenario, tmp_path / "a.xlsx", form="xlsx")
    with CalamineWorkbook.from_path(tmp_path / "a.xlsx") as book:
        assert book.get_sheet_by_name("seekers").to_python() == [["seeker_id"], ["007"]]
        assert book.get_sheet_by_name("partners").to_python()[1] == ["=1+1", "=cmd|' /C calc'!A0"]
        assert book.sheet_names[0] == "scenario"


# -- nothing is lost --------------------------------------------------------------------------------------------


def test_what_is_not_a_table_stays_and_old_tables_go(tmp_path: Path) -> None:
    write_scenario(world(seekers=people(3), slots=orders(1), staff=[{"staff_id": "A"}]), tmp_path / "facts")
    (tmp_path / "facts" / "policy.toml").write_text("kind")
    (tmp_path / "facts" / "notes").mkdir()
    (tmp_path / "facts" / "notes" / "a.txt").write_text("x")
    write_scenario(SMALL, tmp_path / "facts", form="parquet")
    assert sorted(entry.name for entry in (tmp_path / "facts").iterdir()) == ["notes", "policy.toml", "scenario.toml", "seekers.parquet", "slots.parquet"]
    assert (tmp_path / "facts" / "notes" / "a.txt").read_text() == "x"
    assert read_scenario(tmp_path / "facts").digest == SMALL.digest


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert fault_code(SMALL, tmp_path) == "target_not_a_scenario"
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_targets_of_the_wrong_kind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder.xlsx").mkdir()
    assert fault_code(SMALL, tmp_path / "file") == "target_is_a_file"
    assert fault_code(SMALL, tmp_path / "folder.xlsx", "xlsx") == "target_is_a_folder"
    assert fault_code(SMALL, tmp_path / "facts", "xlsx") == "not_a_workbook_name"
    assert fault_code(SMALL, tmp_path / "file" / "below") == "cannot_write"


def test_a_failure_half_way_leaves_the_old_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_scenario(SMALL, tmp_path / "facts")
    rename, renames = Path.rename, []

    def fail_second(self: Path, target: Any) -> Path:
        renames.append(target)
        if len(renames) == 2:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_second)
    assert fault_code(world(seekers=people(9), slots=orders(1)), tmp_path / "facts") == "cannot_write"
    monkeypatch.undo()
    assert read_scenario(tmp_path / "facts").digest == SMALL.digest
    assert [entry.name for entry in tmp_path.iterdir()] == ["facts"]


def test_a_disk_that_is_full_while_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "write_text", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(InputError, match="No space left on device"):
        write_scenario(SMALL, tmp_path / "facts")
    assert not list(tmp_path.iterdir())


def test_without_xlsxwriter_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "xlsxwriter":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.delitem(sys.modules, "xlsxwriter", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install 'ojt-allocator\[reports\]'"):
        write_scenario(SMALL, tmp_path / "a.xlsx", form="xlsx")


def test_a_text_too_long_for_a_cell(tmp_path: Path) -> None:
    scenario = world(seekers=people(1), slots=orders(1), partners=[{"partner_id": "P", "name": "x" * 40_000}])
    assert fault_code(scenario, tmp_path / "a.xlsx", "xlsx") == "too_big_for_xlsx"
