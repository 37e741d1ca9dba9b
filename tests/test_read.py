"""Reading: every spelling of the same facts gives the same scenario."""

from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from allocator.domain import TABLES
from allocator.errors import InputError
from allocator.read import frames_to_scenario, read_assignments, read_scenario
from allocator.scenario import NO, UNKNOWN, YES, Scenario
from allocator.tables.cells import Cells
from allocator.tables.headers import is_personal, normalise, spellings
from tests.worlds import TODAY, frame, orders, people, world


def csv_folder(path: Path, **tables: str) -> Path:
    path.mkdir(exist_ok=True)
    for table, text in {"seekers": "seeker_id\nS1\n", "slots": "slot_id,openings\nJ1,1\n", **tables}.items():
        (path / f"{table}.csv").write_text(text, encoding="utf-8")
    return path


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in {"seekers": [["seeker_id"], ["S1"]], "slots": [["slot_id", "openings"], ["J1", 1]], **sheets}.items():
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(rows):
                for place, cell in enumerate(cells):
                    sheet.write(row, place, cell)
    return path


def seekers(path: Path, text: str) -> pd.DataFrame:
    return read_scenario(csv_folder(path, seekers=text), as_of=TODAY).tables["seekers"]


# -- types ------------------------------------------------------------------------------------------------------


def test_types_are_those_the_scenario_promises(tmp_path: Path) -> None:
    scenario = read_scenario(
        csv_folder(
            tmp_path,
            seekers="seeker_id,zip,populations,veteran,ojt_workshop_date,months_experience,wage_floor\nS1,97201,a;b,yes,2026-01-02,3,17.5\nS2,,,,,,\n",
        )
    )
    assert {name: str(kind) for name, kind in scenario.tables["seekers"].dtypes.items()} == {
        "seeker_id": "str",
        "zip": "str",
        "populations": "str",
        "veteran": "boolean",
        "ojt_workshop_date": "datetime64[us]",
        "months_experience": "Int64",
        "wage_floor": "float64",
    }
    assert str(scenario.tables["slots"]["openings"].dtype) == "int64"
    assert scenario.tables["seekers"]["zip"].isna().tolist() == [False, True]
    assert scenario.tables["seekers"]["populations"].tolist() == ["a;b", ""]


def test_read_frames_have_the_types_of_test_worlds(tmp_path: Path) -> None:
    facts = world(seekers=[{**people(1)[0], "populations": ("b", "a"), "veteran": None, "wage_floor": 12.5}], slots=orders(2))
    text = "seeker_id,populations,veteran,wage_floor\nS1,b;a,,12.5\n"
    read = read_scenario(csv_folder(tmp_path, seekers=text, slots="slot_id,openings\nJ1,2\n"), as_of=TODAY)
    assert read.digest == facts.digest
    for table, wanted in facts.tables.items():
        pd.testing.assert_frame_equal(read.tables[table], wanted)


@pytest.mark.parametrize(
    ("spelling", "value"),
    [
        *((text, YES) for text in ("yes", "Y", "TRUE", " true ", "1", "1.0", "Yes")),
        *((text, NO) for text in ("no", "N", "False", "0", "0.0")),
        *((text, UNKNOWN) for text in ("", "9", "unknown", "Not Disclosed", "not_disclosed", "  ")),
    ],
)
def test_flags(tmp_path: Path, spelling: str, value: int) -> None:
    scenario = read_scenario(csv_folder(tmp_path, seekers=f"seeker_id,301\nS1,{spelling}\n"))
    assert scenario.flags("seekers", "veteran").tolist() == [value]


@pytest.mark.parametrize("cell", ["a;b;c", "a|b|c", '"a,b,c"', " a ; b ;; c;", "a;b;a;c", '"a, b|c"'])
def test_lists(tmp_path: Path, cell: str) -> None:
    assert seekers(tmp_path, f"seeker_id,skills\nS1,{cell}\n")["skills"].tolist() == ["a;b;c"]


@pytest.mark.parametrize("cell", ["2026-11-02", "2026-11-02T08:30:00", "2026-11-02 23:59:59.5", "2026-11-02T00:00:00Z", "2026-11-02T08:30+02:00"])
def test_days(tmp_path: Path, cell: str) -> None:
    assert seekers(tmp_path, f"seeker_id,consent_until\nS1,{cell}\n")["consent_until"].tolist() == [pd.Timestamp("2026-11-02")]


@pytest.mark.parametrize(("cell", "whole"), [("3", 3), ("3.0", 3), ("+3", 3), ("3.", 3), ("3e2", 300), ("007", 7), ("0", 0)])
def test_whole_numbers(tmp_path: Path, cell: str, whole: int) -> None:
    assert seekers(tmp_path, f"seeker_id,months_experience\nS1,{cell}\n")["months_experience"].tolist() == [whole]


def test_large_whole_numbers_are_exact(tmp_path: Path) -> None:
    pairs = "seeker_id,slot_id,score,cost_cents\nS1,J1,1,999999999999999\n"
    assert read_scenario(csv_folder(tmp_path, pairs=pairs)).tables["pairs"]["cost_cents"].tolist() == [999_999_999_999_999]


@pytest.mark.parametrize(("cell", "number"), [("12.5", 12.5), (".5", 0.5), ("1e2", 100.0), ("+7", 7.0), ("0.1", 0.1)])
def test_numbers(tmp_path: Path, cell: str, number: float) -> None:
    assert seekers(tmp_path, f"seeker_id,wage_floor\nS1,{cell}\n")["wage_floor"].tolist() == [number]


@pytest.mark.parametrize(("cell", "code"), [("47-2061.00", "47-2061.00"), ("47206100", "47-2061.00"), ("472061", "47-2061"), ("47-2061", "47-2061")])
def test_occupations(tmp_path: Path, cell: str, code: str) -> None:
    assert seekers(tmp_path, f"seeker_id,last_soc,target_soc\nS1,{cell},{cell};{cell}\n")[["last_soc", "career_map_soc"]].iloc[0].tolist() == [code, code]


@pytest.mark.parametrize("naics", ["23", "236115", "31-33"])
def test_industries(tmp_path: Path, naics: str) -> None:
    assert read_scenario(csv_folder(tmp_path, employers=f"employer_id,naics\nE,{naics}\n")).tables["employers"]["naics"].tolist() == [naics]


def test_codes_are_told_apart_by_neither_case_nor_spaces(tmp_path: Path) -> None:
    slots = read_scenario(csv_folder(tmp_path, slots="slot_id,openings,shift,origin\nJ1,1,Day,Seeker First\n")).tables["slots"]
    assert slots[["shift", "origin"]].iloc[0].tolist() == ["day", "seeker_first"]


def test_text_that_looks_like_a_formula_or_like_nothing_is_just_text(tmp_path: Path) -> None:
    partners = read_scenario(csv_folder(tmp_path, partners="partner_id,name\nNA,=1+1\nnull,NaN\n")).tables["partners"]
    assert partners["partner_id"].tolist() == ["NA", "null"]
    assert partners["name"].tolist() == ["=1+1", "NaN"]


def test_ids_are_trimmed_and_keep_their_zeros(tmp_path: Path) -> None:
    assert seekers(tmp_path, "seeker_id\n 007 \n\u00a08\n")["seeker_id"].tolist() == ["007", "8"]


# -- headers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", ["seeker_id", "Seeker ID", "SEEKER-ID", " seeker.id ", "\ufeffseeker_id", "Participant Id", "100", "PIRL 100", "Customer_ID"]
)
def test_headers(tmp_path: Path, header: str) -> None:
    assert list(seekers(tmp_path, f"{header}\nS1\n")) == ["seeker_id"]


def test_the_long_header_of_an_export(tmp_path: Path) -> None:
    assert list(seekers(tmp_path, "seeker_id,802 Low Income Status at Program Entry (WIOA)\nS1,1\n")) == ["seeker_id", "low_income"]


@pytest.mark.parametrize("table", TABLES)
def test_no_header_means_two_columns_or_is_personal(table: str) -> None:
    model = TABLES[table]
    accepted = [normalise(spelling) for name, column in model.columns().items() for spelling in {name, *column.aliases}]
    assert len(accepted) == len(set(accepted))
    assert not [header for header in spellings(model) if is_personal(header, table)]


@pytest.mark.parametrize("header", ["Receives Social Security Benefits", "telephone_sales", "participant_id", "partner_name", "program_name"])
def test_headers_that_only_sound_personal(header: str) -> None:
    assert not is_personal(normalise(header), "seekers")


def test_absent_columns_stay_absent_and_unknown_ones_are_not_used(tmp_path: Path) -> None:
    scenario = read_scenario(csv_folder(tmp_path, seekers="seeker_id,zip,shoe_size\nS1,,44\n"))
    assert list(scenario.tables["seekers"]) == ["seeker_id", "zip"]
    assert [fault.code for fault in scenario.warnings] == ["unknown_column"]


# -- places -----------------------------------------------------------------------------------------------------


def test_settings_and_other_files(tmp_path: Path) -> None:
    csv_folder(tmp_path)
    (tmp_path / "scenario.toml").write_text('name = "November"\nas_of = 2026-11-02\ndescription = "what is it"\n')
    for name in ("policy.toml", "README.md", "notes.txt", "make.py", ".hidden.csv"):
        (tmp_path / name).write_text("anything")
    scenario = read_scenario(str(tmp_path))
    assert (scenario.name, scenario.as_of, scenario.warnings) == ("November", date(2026, 11, 2), ())
    assert read_scenario(tmp_path, as_of=date(2020, 1, 1)).as_of == date(2020, 1, 1)


def test_without_settings_it_is_the_folder_and_today(tmp_path: Path) -> None:
    scenario = read_scenario(csv_folder(tmp_path / "pool"))
    assert (scenario.name, scenario.as_of) == ("pool", date.today())


def test_names_of_files_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "Seekers.CSV").write_text("seeker_id\nS1\n")
    (tmp_path / "SLOTS.csv").write_text("slot_id,openings\nJ1,1\n")
    assert read_scenario(tmp_path).size("slots") == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path: Path, end: str) -> None:
    (csv_folder(tmp_path) / "seekers.csv").write_bytes(end.join(["seeker_id,zip", "S2,97202", "S1,97201"]).encode())
    assert read_scenario(tmp_path).tables["seekers"]["zip"].tolist() == ["97201", "97202"]


def test_tables_without_records_other_than_the_compulsory_two(tmp_path: Path) -> None:
    scenario = read_scenario(csv_folder(tmp_path, pairs="seeker_id,slot_id,score\n", staff="staff_id,capacity,used\n"))
    assert scenario.has("pairs")
    assert scenario.size("pairs") == 0
    assert str(scenario.tables["pairs"]["score"].dtype) == "float64"


def test_a_reference_may_name_people_who_have_left(tmp_path: Path) -> None:
    assert read_scenario(csv_folder(tmp_path, reference="seeker_id,slot_id\nS9,J9\n")).size("reference") == 1


def test_references_are_checked_only_against_tables_that_are_there(tmp_path: Path) -> None:
    assert read_scenario(csv_folder(tmp_path, seekers="seeker_id,center_id\nS1,C9\n")).warnings == ()


def test_the_order_of_rows_and_columns_does_not_matter(tmp_path: Path) -> None:
    one = read_scenario(csv_folder(tmp_path / "a", seekers="seeker_id,zip,wage_floor\nS1,1,2\nS2,,\n"), as_of=TODAY)
    other = read_scenario(csv_folder(tmp_path / "b", seekers="wage_floor,seeker_id,zip\n,S2,\n2.0,S1,1\n"), as_of=TODAY)
    assert one.digest == other.digest


def test_quoted_and_plain_files_read_the_same(tmp_path: Path) -> None:
    plain = read_scenario(csv_folder(tmp_path / "a", seekers="seeker_id,zip\nS1,97201\n\nS2,\n"), as_of=TODAY)
    quoted = read_scenario(csv_folder(tmp_path / "b", seekers='"seeker_id","zip"\n"S1","97201"\n\n"S2",""\n'), as_of=TODAY)
    assert plain.digest == quoted.digest


# -- workbooks --------------------------------------------------------------------------------------------------


def test_a_workbook_as_people_make_them(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "pool.xlsx",
        seekers=[
            ["Seeker ID", "Veteran", "Workshop Date", "months experience", "Zip"],
            [12.0, True, date(2026, 3, 1), 3.0, 97201],
            ["", "", "", "", ""],
            ["A7", "no", "2026-03-02", "", "x"],
        ],
        slots=[["slot_id", "openings", "fill_by", "county"], [5, 2, datetime(2026, 4, 1, 10, 30), 41051]],
        scenario=[["key", "value"], ["name", "From Excel"], ["as_of", date(2026, 11, 2)]],
        Notes=[["anything"]],
    )  # fmt: skip
    scenario = read_scenario(path)
    assert (scenario.name, scenario.as_of) == ("From Excel", TODAY)
    assert scenario.tables["seekers"]["seeker_id"].tolist() == ["12", "A7"]
    assert scenario.flags("seekers", "veteran").tolist() == [YES, NO]
    assert scenario.days("seekers", "ojt_workshop_date").astype(str).tolist() == ["2026-03-01", "2026-03-02"]
    assert scenario.tables["seekers"]["zip"].tolist() == ["97201", "x"]
    assert scenario.tables["slots"]["slot_id"].tolist() == ["5"]
    assert scenario.days("slots", "fill_by").astype(str).tolist() == ["2026-04-01"]
    assert scenario.tables["slots"]["county_fips"].tolist() == ["41051"]
    assert [(fault.code, fault.sheet) for fault in scenario.warnings] == [("unknown_table", "Notes")]


def fault_codes(path: Path) -> list[tuple[str, str, int | None]]:
    with pytest.raises(InputError) as caught:
        read_scenario(path)
    return [(fault.code, fault.sheet, fault.row) for fault in caught.value.faults]


def test_faults_in_a_workbook_name_sheet_and_row(tmp_path: Path) -> None:
    slots = [["slot_id", "openings"], ["J1", 2.5], ["slot_id", "openings"], ["J2", 1]]
    assert fault_codes(workbook(tmp_path / "a.xlsx", slots=slots)) == [("not_whole", "slots", 2), ("repeated_header", "slots", 3)]


def test_a_title_above_the_header_of_a_sheet(tmp_path: Path) -> None:
    slots = [["Job orders of November", ""], ["slot_id", "openings"], ["J1", 1]]
    assert fault_codes(workbook(tmp_path / "a.xlsx", slots=slots)) == [("header_not_found", "slots", 1)]


def test_an_empty_sheet_of_a_compulsory_table(tmp_path: Path) -> None:
    assert fault_codes(workbook(tmp_path / "a.xlsx", slots=[])) == [("empty_file", "slots", None)]


def test_two_sheets_for_one_table(tmp_path: Path) -> None:
    assert fault_codes(workbook(tmp_path / "a.xlsx", **{"Slots ": [["slot_id", "openings"], ["J1", 1]]})) == [("two_files", "Slots ", None)]


# -- Parquet and frames -----------------------------------------------------------------------------------------


def test_parquet_keeps_types_and_takes_others(tmp_path: Path) -> None:
    csv_folder(tmp_path)
    (tmp_path / "seekers.csv").unlink()
    pd.DataFrame(
        {
            "seeker_id": [12.0, 7.0],
            "veteran": [True, None],
            "wage_floor": np.array([12, 13], dtype="int32"),
            "months_experience": [3.0, np.nan],
            "consent_until": pd.to_datetime(["2026-01-01T10:00", None]),
            "skills": [["a", "b"], None],
            "partner_id": pd.Categorical(["P1", None]),
        },
        index=[5, 6],
    ).to_parquet(tmp_path / "seekers.parquet")
    scenario = read_scenario(tmp_path)
    seekers = scenario.tables["seekers"]
    assert seekers["seeker_id"].tolist() == ["12", "7"]
    assert scenario.flags("seekers", "veteran").tolist() == [YES, UNKNOWN]
    assert seekers["wage_floor"].tolist() == [12.0, 13.0]
    assert scenario.integers("seekers", "months_experience").tolist() == [3, -1]
    assert scenario.days("seekers", "consent_until").astype(str).tolist() == ["2026-01-01", "NaT"]
    assert seekers["skills"].tolist() == ["a;b", ""]
    assert scenario.coded("seekers", "partner_id").codes.tolist() == [0, -1]
    assert scenario.warnings == ()


@pytest.mark.parametrize(
    ("column", "values", "code"),
    [
        ("openings", [1, -2], "too_small"),
        ("openings", [1.0, 2.5], "not_whole"),
        ("openings", [1.0, np.inf], "not_finite"),
        ("openings", [1.0, np.nan], "blank_cell"),
        ("wage", [np.inf, 1.0], "not_finite"),
        ("fill_by", pd.to_datetime(["1850-01-01", "2026-01-01"]), "date_out_of_range"),
        ("shift", ["day", "dusk"], "unknown_code"),
        ("wage", [{"low": 1}, None], "not_a_number"),
    ],
)
def test_faults_in_frames(column: str, values: Any, code: str) -> None:
    slots = pd.DataFrame({"slot_id": ["J1", "J2"], "openings": [1, 1]}).assign(**{column: values})
    with pytest.raises(InputError) as caught:
        frames_to_scenario({"seekers": frame("seekers", people(1)), "slots": slots}, as_of=TODAY)
    assert [(fault.code, fault.file) for fault in caught.value.faults] == [(code, "slots")]


def test_a_struct_is_not_a_cell(tmp_path: Path) -> None:
    pd.DataFrame({"slot_id": ["J1"], "openings": [1], "wage": [{"low": 1}]}).to_parquet(csv_folder(tmp_path) / "slots.parquet")
    (tmp_path / "slots.csv").unlink()
    assert fault_codes(tmp_path) == [("wrong_type", "", None)]


def test_a_dictionary_that_names_an_id_twice_hides_no_duplicate() -> None:
    ids = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["S1", "S1"]))
    table = Cells.of(ids, "id")
    assert (table.codes.tolist(), table.values.to_pylist()) == ([0, 0], ["S1"])


@pytest.mark.parametrize("values", [["S1", "S2", "S1"], ["S2", "S1", "S1 "], ["S1", "S1", "S1"]])
def test_of_two_same_ids_the_later_is_told(values: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        frames_to_scenario({"seekers": pd.DataFrame({"seeker_id": values}), "slots": frame("slots", orders(1))}, as_of=TODAY)
    first = [value.strip() for value in values].index("S1") + 2
    assert {fault.row for fault in caught.value.faults} == {k + 2 for k, value in enumerate(values) if value.strip() == "S1"} - {first}
    assert all(f"in row {first}." in fault.message for fault in caught.value.faults)


def test_frames_as_text_and_as_types_are_the_same() -> None:
    typed = frames_to_scenario({"seekers": frame("seekers", people(3, veteran=True, wage_floor=12.5)), "slots": frame("slots", orders(1, 2))}, as_of=TODAY)
    text = frames_to_scenario(
        {
            "seekers": pd.DataFrame({"Seeker ID": ["S3", "S1", "S2"], "veteran": "y", "wage_floor": "12.50"}),
            "slots": pd.DataFrame({"slot_id": ["J2", "J1"], "openings": ["2", "1"]}, dtype=object),
        },
        as_of=TODAY,
    )
    assert typed.digest == text.digest == world(seekers=people(3, veteran=True, wage_floor=12.5), slots=orders(1, 2)).digest


def test_frames_that_are_none() -> None:
    with pytest.raises(InputError, match="is a list, not a pandas frame"):
        frames_to_scenario({"seekers": [1], "slots": frame("slots", orders(1))}, as_of=TODAY)  # type: ignore[dict-item]


cells = st.one_of(
    st.none(), st.text(max_size=12), st.floats(), st.integers(), st.booleans(), st.dates(), st.sampled_from(["yes", "2026-02-30", "1,000", "a;b"])
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["seekers", "slots", "pairs", "staff"]), st.data())
def test_whatever_the_cells_hold_it_is_a_scenario_or_a_list_of_faults(table: str, data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from([*TABLES[table].model_fields, "ssn", "other"]), min_size=1, max_size=5))
    rows = data.draw(st.lists(st.lists(cells, min_size=len(names), max_size=len(names)), max_size=4))
    frames = {"seekers": frame("seekers", people(2)), "slots": frame("slots", orders(1)), table: pd.DataFrame(rows, columns=names, dtype=object)}
    try:
        faults = frames_to_scenario(frames, as_of=TODAY).warnings
    except InputError as error:
        faults = error.faults or pytest.fail("an InputError without faults")
    assert all(fault.message and fault.fix and fault.code for fault in faults)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_whatever_the_bytes_are_it_is_a_scenario_or_a_list_of_faults(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = csv_folder(tmp_path_factory.mktemp("bytes"))
    (folder / "seekers.csv").write_bytes(b"seeker_id,zip\n" + content)
    (folder / "pairs.parquet").write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_scenario(folder)
    assert caught.value.faults


# -- plans ------------------------------------------------------------------------------------------------------


def test_a_plan_made_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    path.write_text("Job Order ID,Participant ID,remark\nJ2,S2,ask first\nJ1,S1,\n")
    plan = read_assignments(path)
    assert plan.to_dict("list") == {"seeker_id": ["S2", "S1"], "slot_id": ["J2", "J1"]}


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_a_plan_in_each_form(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"plan.{form}"
    if form == "xlsx":
        workbook(path, Assignments=[["seeker_id", "slot_id", "score"], ["S1", "J1", 80.5]])
    else:
        made = pd.DataFrame({"seeker_id": ["S1"], "slot_id": ["J1"], "score": [80.5]})
        made.to_csv(path, index=False) if form == "csv" else made.to_parquet(path)
    assert read_assignments(path).to_dict("list") == {"seeker_id": ["S1"], "slot_id": ["J1"], "score": [80.5]}


def test_an_empty_plan_is_a_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.csv").write_text("seeker_id,slot_id\n")
    assert read_assignments(tmp_path / "plan.csv").empty


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("plan.csv", "seeker_id,slot_id\nS1,J1\nS1,J1\n", "duplicate_key"),
        ("plan.csv", "seeker_id,slot_id\nS1,\n", "blank_id"),
        ("plan.csv", "seeker_id\nS1\n", "missing_column"),
        ("plan.csv", "seeker_id,slot_id,ssn\nS1,J1,1\n", "personal_identifier"),
        ("plan.csv", "", "empty_file"),
        ("plan.txt", "seeker_id", "not_a_plan"),
        ("plan.xlsx", "no", "damaged_file"),
        ("plan.parquet", "no", "damaged_file"),
    ],
)
def test_faults_in_a_plan(tmp_path: Path, name: str, content: str, code: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError) as caught:
        read_assignments(tmp_path / name)
    assert [fault.code for fault in caught.value.faults] == [code]


def test_a_plan_that_is_not_there_or_not_to_be_told_from_others(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_assignments(tmp_path / "plan.csv")
    with pytest.raises(InputError, match="Which sheet is the plan"):
        read_assignments(workbook(tmp_path / "plan.xlsx"))


# -- size -------------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_seekers_take_seconds(tmp_path: Path) -> None:
    count = 100_000
    rows = "".join(
        f"S{k:06d},P{k % 20},41051,homeless;ex_offender,yes,2026-01-{k % 28 + 1:02d},47-2061.00,{k % 30 + 10}.5,{k % 90},day\n" for k in range(count)
    )
    header = "seeker_id,partner_id,county_fips,populations,veteran,ojt_workshop_date,career_map_soc,wage_floor,max_commute_min,shifts\n"
    csv_folder(tmp_path, seekers=header + rows)
    start = time.process_time()
    scenario: Scenario = read_scenario(tmp_path)
    assert scenario.size("seekers") == count
    assert time.process_time() - start < 4, "it takes half a second; a row-by-row reader takes ten"
