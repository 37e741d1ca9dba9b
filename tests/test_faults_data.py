"""Every data fault: its code, its place, and what it tells the person who has to mend it."""
# ruff: noqa: E501 -- one case a line reads as the table it is

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from allocator.errors import Fault, InputError
from allocator.read import read_scenario

GOOD = {"seekers.csv": "seeker_id\nS1\nS2\n", "slots.csv": "slot_id,openings\nJ1,1\nJ2,2\n"}


def folder(path: Path, files: dict[str, Any]) -> Path:
    """The good scenario with some files replaced (None removes one)."""
    for name, content in {**GOOD, **files}.items():
        if content is not None:
            path.joinpath(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def told(path: Path) -> tuple[Fault, ...]:
    """All faults of a folder, or its warnings where it can be used."""
    try:
        return read_scenario(path).warnings
    except InputError as error:
        return error.faults


def seekers(header: str, *rows: str) -> dict[str, Any]:
    return {"seekers.csv": "\n".join((header, *rows)) + "\n"}


def slots(header: str, *rows: str) -> dict[str, Any]:
    return {"slots.csv": "\n".join((header, *rows)) + "\n"}


def table(name: str, header: str, *rows: str) -> dict[str, Any]:
    return {f"{name}.csv": "\n".join((header, *rows)) + "\n"}


LONG = "x" * 5_000_000

# (case, files, code, file, row, column, words of the message and the fix)
CASES: list[tuple[str, dict[str, Any], str, str, int | None, str, str]] = [
    ("table missing", {"slots.csv": None}, "missing_table", "", None, "", "The table slots is missing"),
    ("empty file", {"seekers.csv": ""}, "empty_file", "seekers.csv", None, "", "The file is empty"),
    ("only a BOM", {"seekers.csv": b"\xef\xbb\xbf\r\n"}, "empty_file", "seekers.csv", None, "", "The file is empty"),
    ("header only", {"seekers.csv": "seeker_id\n"}, "no_records", "seekers.csv", 2, "", "has a header but no records"),
    ("header without line end", {"slots.csv": "slot_id,openings"}, "no_records", "slots.csv", 2, "", "slots has a header but no records"),
    ("latin-1", {"partners.csv": "partner_id,name\nP1,Jos\u00e9\n".encode("latin-1")}, "wrong_encoding", "partners.csv", 2, "", "Line 2 is not UTF-8: byte 0xE9"),
    ("utf-16", {"seekers.csv": "seeker_id\nS1\n".encode("utf-16")}, "wrong_encoding", "seekers.csv", None, "", "UTF-16, not UTF-8"),
    ("NUL byte", {"seekers.csv": b"seeker_id\nS1\nS\x002\n"}, "nul_byte", "seekers.csv", 3, "", "NUL byte"),
    ("too many cells", slots("slot_id,openings", "J1,1", "J2,2,x"), "too_many_cells", "slots.csv", 3, "", "has 3 cells; the header has 2"),
    ("too few cells", slots("slot_id,openings", "J1", "J2,2"), "too_few_cells", "slots.csv", 2, "", "has 1 cell; the header has 2"),
    ("unclosed quote", seekers("seeker_id,zip", "S1,97201", 'S2,"97202', "S3,97203"), "unclosed_quote", "seekers.csv", 3, "", "never closed"),
    ("stray quote", seekers("seeker_id,zip", 'S1,"97"201'), "stray_quote", "seekers.csv", 2, "", "follows a closing quotation mark"),
    ("semicolons", seekers("seeker_id;zip", "S1;97201"), "wrong_separator", "seekers.csv", 1, "", "separated by semicolons"),
    ("tabs", seekers("seeker_id\tzip", "S1\t97201"), "wrong_separator", "seekers.csv", 1, "", "separated by tabs"),
    ("title above", seekers("Pool of November", "", "seeker_id,zip", "S1,97201"), "header_not_found", "seekers.csv", 1, "", "the header is in row 3. Remove rows 1 to 2"),
    ("no header", seekers("S1,97201", "S2,97202"), "header_not_found", "seekers.csv", 1, "", "none of the 2 cells of row 1 is a column of seekers"),
    ("header repeated", slots("slot_id,openings", "J1,1", "slot_id,openings", "J2,1"), "repeated_header", "slots.csv", 3, "", "header is repeated"),
    ("column missing", slots("slot_id,wage", "J1,20"), "missing_column", "slots.csv", 1, "openings", "the headers are slot_id, wage. Add it. Also accepted: total_job_openings"),
    ("header twice", slots("slot_id,openings,openings", "J1,1,1"), "duplicate_header", "slots.csv", 1, "openings", "“openings” is there 2 times"),
    ("two headers, one column", slots("slot_id,openings,Positions", "J1,1,1"), "two_columns_for_one", "slots.csv", 1, "openings", "“openings” and “Positions” both mean openings"),
    ("SSN column", seekers("seeker_id,Participant SSN", "S1,1"), "personal_identifier", "seekers.csv", 1, "Participant SSN", "TEGL 39-11"),
    ("birth date column", seekers("seeker_id,DOB", "S1,1"), "personal_identifier", "seekers.csv", 1, "DOB", "Remove the column"),
    ("first name column", seekers("seeker_id,FirstName", "S1,x"), "personal_identifier", "seekers.csv", 1, "FirstName", "personal identifiers"),
    ("name of a seeker", seekers("seeker_id,Name", "S1,x"), "personal_identifier", "seekers.csv", 1, "Name", "personal identifiers"),
    ("customer's name", seekers("seeker_id,Customer Name", "S1,x"), "personal_identifier", "seekers.csv", 1, "Customer Name", "personal identifiers"),
    ("street address", seekers("seeker_id,Home Addr", "S1,x"), "personal_identifier", "seekers.csv", 1, "Home Addr", "personal identifiers"),
    ("numbered SSN", seekers("seeker_id,ssn4", "S1,x"), "personal_identifier", "seekers.csv", 1, "ssn4", "personal identifiers"),
    ("protected table too", table("demographics", "seeker_id,200", "S1,x"), "personal_identifier", "demographics.csv", 1, "200", "TEGL 39-11"),
    ("SSN as id", seekers("seeker_id", "123-45-6789"), "looks_like_ssn", "seekers.csv", 2, "seeker_id", "form of a social security number"),
    ("blank id", slots("slot_id,openings", "J1,1", " ,2"), "blank_id", "slots.csv", 3, "slot_id", "slot_id is blank"),
    ("blank openings", slots("slot_id,openings", "J1,"), "blank_cell", "slots.csv", 2, "openings", "openings is blank"),
    ("duplicate id", seekers("seeker_id", "S1", "S2", "S1 "), "duplicate_key", "seekers.csv", 4, "seeker_id", "S1 is there already, in row 2"),
    ("duplicate pair", table("pins", "seeker_id,slot_id,action", "S1,J1,fix", "S1,J1,forbid"), "duplicate_key", "pins.csv", 3, "slot_id", "S1 and J1 is there already, in row 2"),
    ("dangling", {**seekers("seeker_id,center_id", "S1,C9"), **table("centers", "center_id", "C1")}, "dangling_reference", "seekers.csv", 2, "center_id", "C9 is not in centers"),
    ("dangling case", table("pins", "seeker_id,slot_id,action", "S1,j2,fix"), "dangling_reference", "pins.csv", 2, "slot_id", "Did you mean J2?"),
    ("dangling pair", table("pairs", "seeker_id,slot_id,score", "S1,J1,1", "S7,J1,1"), "dangling_reference", "pairs.csv", 3, "seeker_id", "seeker_id S7 is not in seekers"),
    ("negative", slots("slot_id,openings", "J1,-3"), "too_small", "slots.csv", 2, "openings", "openings is -3; it must be 0 or more."),
    ("too large", slots("slot_id,openings,reimbursement_rate", "J1,1,50"), "too_large", "slots.csv", 2, "reimbursement_rate", "reimbursement_rate is 50; it must be 1 or less."),
    ("beyond integers", slots("slot_id,openings", "J1,99999999999999999999999"), "too_large", "slots.csv", 2, "openings", "it must be 1,000,000 or less"),
    ("not whole", slots("slot_id,openings", "J1,3.5"), "not_whole", "slots.csv", 2, "openings", "openings is 3.5, which is not a whole number"),
    ("thousands", slots("slot_id,openings,training_hours", 'J1,1,"1,200"'), "thousands_separator", "slots.csv", 2, "training_hours", "Write 1200."),
    ("dollars", slots("slot_id,openings,wage", "J1,1,$18.50"), "not_a_number", "slots.csv", 2, "wage", "Write the number alone: 18.50."),
    ("decimal comma", slots("slot_id,openings,wage", 'J1,1,"18,5"'), "not_a_number", "slots.csv", 2, "wage", "Write it with a decimal point: 18.5."),
    ("percent", slots("slot_id,openings,reimbursement_rate", "J1,1,75%"), "not_a_number", "slots.csv", 2, "reimbursement_rate", "Write it as a share: 0.75."),
    ("word for a number", slots("slot_id,openings", "J1,two"), "not_a_number", "slots.csv", 2, "openings", "openings is “two”, which is not a number"),
    ("NaN score", table("pairs", "seeker_id,slot_id,score", "S1,J1,NaN"), "not_finite", "pairs.csv", 2, "score", "score is NaN, which is not a finite number"),
    ("infinite wage", slots("slot_id,openings,wage", "J1,1,inf"), "not_finite", "slots.csv", 2, "wage", "wage is inf"),
    ("overflowing wage", slots("slot_id,openings,wage", "J1,1,1e999"), "too_large", "slots.csv", 2, "wage", "it must be 1,000 or less"),
    ("negative score", table("pairs", "seeker_id,slot_id,score", "S1,J1,-0.01"), "too_small", "pairs.csv", 2, "score", "score is -0.01; it must be 0 or more"),
    ("score blank", table("pairs", "seeker_id,slot_id,score", "S1,J1,"), "blank_cell", "pairs.csv", 2, "score", "score is blank"),
    ("score missing", table("pairs", "seeker_id,slot_id", "S1,J1"), "missing_column", "pairs.csv", 1, "score", "compulsory column score is missing"),
    ("unknown code", slots("slot_id,openings,shift", "J1,1,evning"), "unknown_code", "slots.csv", 2, "shift", "Did you mean evening?"),
    ("unknown code in a list", seekers("seeker_id,shifts", "S1,day;dawn"), "unknown_code", "seekers.csv", 2, "shifts", "shifts is “dawn”; it must be one of day, evening"),
    ("unknown status", table("commitments", "seeker_id,slot_id,status", "S1,J1,offerd"), "unknown_code", "commitments.csv", 2, "status", "Did you mean offered?"),
    ("neither yes nor no", seekers("seeker_id,veteran", "S1,maybe"), "not_a_flag", "seekers.csv", 2, "veteran", "neither yes nor no"),
    ("American date", slots("slot_id,openings,fill_by", "J1,1,01/02/2026"), "wrong_date_form", "slots.csv", 2, "fill_by", "Write YYYY-MM-DD: 2026-01-02 or 2026-02-01, whichever is meant."),
    ("compact date", slots("slot_id,openings,fill_by", "J1,1,20261102"), "wrong_date_form", "slots.csv", 2, "fill_by", "Write YYYY-MM-DD: 2026-11-02."),
    ("serial date", slots("slot_id,openings,fill_by", "J1,1,46328"), "wrong_date_form", "slots.csv", 2, "fill_by", "a spreadsheet's count of days"),
    ("impossible date", slots("slot_id,openings,fill_by", "J1,1,2026-02-30"), "impossible_date", "slots.csv", 2, "fill_by", "there is no such day"),
    ("month 13", slots("slot_id,openings,fill_by", "J1,1,2026-13-01"), "impossible_date", "slots.csv", 2, "fill_by", "there is no such day"),
    ("year 1899", slots("slot_id,openings,fill_by", "J1,1,1899-12-31"), "date_out_of_range", "slots.csv", 2, "fill_by", "the year must be from 1900 to 2200"),
    ("year 0000", slots("slot_id,openings,fill_by", "J1,1,0000-01-01"), "impossible_date", "slots.csv", 2, "fill_by", "there is no such day"),
    ("overlong cell", seekers("seeker_id,last_soc", f"S1,{LONG}"), "overlong_cell", "seekers.csv", 2, "last_soc", "5,000,000 characters; 10,000 are the most"),
    ("semicolon in id", seekers("seeker_id", "S1;S2"), "bad_id", "seekers.csv", 2, "seeker_id", "separate the items of a list"),
    ("bar in id", seekers("seeker_id", "S1|S2"), "bad_id", "seekers.csv", 2, "seeker_id", "Use another character in ids"),
    ("list where one id belongs", seekers("seeker_id,partner_id", "S1,P1;P2"), "bad_id", "seekers.csv", 2, "partner_id", "partner_id holds “;” or “|”"),
    ("unseen character in id", seekers("seeker_id", "S1\u200b"), "control_character", "seekers.csv", 2, "seeker_id", "cannot be seen"),
    ("newline in id", seekers("seeker_id", '"S\n1"', "S2"), "control_character", "seekers.csv", 2, "seeker_id", "control character"),
    ("control character", table("partners", "partner_id,name", "P1,a\x07b"), "control_character", "partners.csv", 2, "name", "name holds a control character"),
    ("spreadsheet error", seekers("seeker_id,zip", "S1,#REF!"), "spreadsheet_error", "seekers.csv", 2, "zip", "Mend the formula"),
    ("FIPS lost its zero", seekers("seeker_id,county_fips", "S1,4013"), "bad_fips", "seekers.csv", 2, "county_fips", "Write 04013"),
    ("FIPS", seekers("seeker_id,county", "S1,Multnomah"), "bad_fips", "seekers.csv", 2, "county", "a county FIPS code of five digits"),
    ("NAICS", table("employers", "employer_id,naics", "E1,2361150"), "bad_naics", "employers.csv", 2, "naics", "NAICS code of two to six digits"),
    ("SOC", slots("slot_id,openings,soc", "J1,1,carpenter"), "bad_soc", "slots.csv", 2, "soc", "must be an O*NET-SOC code"),
    ("SOC in a list", seekers("seeker_id,career_map_soc", "S1,47-2061;4720"), "bad_soc", "seekers.csv", 2, "career_map_soc", "career_map_soc is “4720”"),
    ("two files", {"slots.parquet": b"PAR1"}, "two_files", "slots.csv", None, "", "more than once: slots.csv and slots.parquet"),
    ("damaged Parquet", {"pairs.parquet": b"PAR1 is not enough"}, "damaged_file", "pairs.parquet", None, "", "cannot be read as Parquet"),
    ("unknown setting", {"scenario.toml": 'as_off = "2026-11-02"\n'}, "unknown_setting", "scenario.toml", None, "as_off", "Did you mean as_of?"),
    ("setting not a date", {"scenario.toml": 'as_of = "tomorrow"\n'}, "wrong_date_form", "scenario.toml", None, "as_of", "which is not a date"),
    ("setting not text", {"scenario.toml": "name = 3\n"}, "wrong_type", "scenario.toml", None, "name", "it must be text"),
    ("settings not TOML", {"scenario.toml": "as_of: tomorrow"}, "bad_settings", "scenario.toml", None, "", "The file is not TOML"),
    # -- warnings ------------------------------------------------------------------------------------------------
    ("unknown column", seekers("seeker_id,shoe_size", "S1,9"), "unknown_column", "seekers.csv", 1, "shoe_size", "is not known in seekers and is not used"),
    ("misspelt column", seekers("seeker_id,partnr_id", "S1,P1"), "unknown_column", "seekers.csv", 1, "partnr_id", "If it is meant as partner_id, rename it"),
    ("column without header", seekers("seeker_id,", "S1,9"), "unknown_column", "seekers.csv", 1, "", "Column 2, which has no header"),
    ("unknown table", {"job_seekers.csv": "x\n"}, "unknown_table", "job_seekers.csv", None, "", "If it is the table seekers, rename it so"),
    ("no such table", {"weather.csv": "x\n"}, "unknown_table", "weather.csv", None, "", "The tables are seekers, slots, employers"),
    ("scores rounded", table("pairs", "seeker_id,slot_id,score", "S1,J1,1.234", "S2,J1,2.345", "S2,J2,2.34"), "rounded", "pairs.csv", 2, "score", "2 scores have more than two decimals"),
    ("filled before posted", slots("slot_id,openings,posted_date,fill_by", "J1,1,2026-02-02,2026-02-01"), "fill_before_posting", "slots.csv", 2, "fill_by", "fill_by 2026-02-01 is before posted_date 2026-02-02"),
    ("started before posted", slots("slot_id,openings,posted,start_date", "J1,1,2026-02-02,2026-02-01"), "start_before_posting", "slots.csv", 2, "start_date", "is before posted_date"),
    ("over capacity", table("staff", "staff_id,capacity,used", "A,10,11"), "over_capacity", "staff.csv", 2, "used", "used is 11 points, more than the capacity of 10"),
]  # fmt: skip
WARNINGS = {"unknown_column", "unknown_table", "rounded", "fill_before_posting", "start_before_posting", "over_capacity"}


@pytest.mark.parametrize(("files", "code", "file", "row", "column", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_fault_says_what_where_and_how_to_mend(tmp_path: Path, files: dict[str, Any], code: str, file: str, row: int | None, column: str, words: str) -> None:
    faults = told(folder(tmp_path, files))
    assert [fault.code for fault in faults] == [code], faults
    fault = faults[0]
    assert (fault.file or str(tmp_path)) == (file or str(tmp_path))
    assert (fault.row, fault.column) == (row, column)
    assert words in f"{fault.message} {fault.fix}"
    assert fault.fix.endswith((".", "?"))
    assert fault.severity == ("warning" if code in WARNINGS else "error")
    assert len(fault.value) <= 40


def test_there_are_many_kinds_of_fault() -> None:
    assert len({case[2] for case in CASES}) >= 40


def test_a_five_megabyte_cell_is_not_echoed(tmp_path: Path) -> None:
    (fault,) = told(folder(tmp_path, seekers("seeker_id,last_soc", f"S1,{LONG}")))
    assert fault.value == "x" * 39 + "…"
    assert len(str(fault)) < 400


@pytest.mark.parametrize(
    "header", ["SSN", "Participant SSN", "dob", "Date of Birth", "LAST NAME", "e-mail address", "Phone Number", "ssn_last4", "participantName"]
)
def test_personal_columns_never_leak_a_value(tmp_path: Path, header: str) -> None:
    secret = "123-45-6789"
    faults = told(folder(tmp_path, seekers(f"seeker_id,{header},wage_floor", f"S1,{secret},abc", f"S2,{secret}9,-1")))
    assert {fault.code for fault in faults} == {"personal_identifier", "not_a_number", "too_small"}
    assert not any(secret in str(fault.as_dict()) for fault in faults)


def test_an_id_in_the_form_of_an_ssn_is_not_repeated(tmp_path: Path) -> None:
    faults = told(folder(tmp_path, seekers("seeker_id", "123-45-6789")))
    assert "123-45" not in str([fault.as_dict() for fault in faults])


def test_all_faults_of_all_tables_at_once(tmp_path: Path) -> None:
    files = {
        **seekers("seeker_id,veteran,wage_floor", "S1,perhaps,-1", "S1,no,12"),
        **slots("slot_id,openings", "J1,-3", ",1"),
        **table("staff", "staff_id,capacity", "A,many"),
    }
    assert {(fault.file, fault.row, fault.code) for fault in told(folder(tmp_path, files))} == {
        ("seekers.csv", 2, "not_a_flag"),
        ("seekers.csv", 2, "too_small"),
        ("seekers.csv", 3, "duplicate_key"),
        ("slots.csv", 2, "too_small"),
        ("slots.csv", 3, "blank_id"),
        ("staff.csv", 2, "not_a_number"),
    }


def test_no_more_than_a_thousand_are_told_and_the_rest_is_counted(tmp_path: Path) -> None:
    rows = [f"S{k},-1" for k in range(5000)]
    faults = told(folder(tmp_path, {**seekers("seeker_id,wage_floor", *rows), **slots("slot_id,openings", "J1,x", "J1,3.5")}))
    assert faults[-1].code == "more_faults"
    assert len(faults) == 1001
    assert "4,003 more faults" in faults[-1].message
    assert "4,003 too_small" in faults[-1].message
    assert {"not_a_number", "not_whole", "duplicate_key"} <= {fault.code for fault in faults}, "a flood of one sort hides no other"


def test_a_table_that_lost_rows_makes_no_dangling_references(tmp_path: Path) -> None:
    files = {**seekers("seeker_id,zip", "S1,97201,oops", "S2,97201"), **table("pairs", "seeker_id,slot_id,score", "S1,J1,1")}
    assert [fault.code for fault in told(folder(tmp_path, files))] == ["too_many_cells"]


def test_a_misspelt_header_is_told_beside_what_it_causes(tmp_path: Path) -> None:
    faults = told(folder(tmp_path, slots("slot_id,opennings", "J1,1")))
    assert [(fault.code, fault.severity) for fault in faults] == [("missing_column", "error"), ("unknown_column", "warning")]


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    quoted = 'slot_id,openings,shift\n"J1",1,day\n\n,,\nJ2,-1,day\n'
    assert [(fault.row, fault.code) for fault in told(folder(tmp_path, {"slots.csv": quoted}))] == [(5, "too_small")]
    assert [(fault.row, fault.code) for fault in told(folder(tmp_path, {"slots.csv": quoted.replace('"', "")}))] == [(5, "too_small")]


@pytest.mark.parametrize(("make", "code", "words"), [
    (lambda path: path / "nowhere", "not_found", "There is no folder or file"),
    (lambda path: path / "a.csv", "not_a_scenario", "neither a folder nor an .xlsx workbook"),
    (lambda path: path / "bad.xlsx", "damaged_file", "cannot be read as an Excel workbook"),
    (lambda path: path / "empty", "nothing_here", "There is no table here"),
])  # fmt: skip
def test_places_that_are_no_scenario(tmp_path: Path, make: Any, code: str, words: str) -> None:
    (tmp_path / "a.csv").write_text("seeker_id\nS1\n")
    (tmp_path / "bad.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    (tmp_path / "empty").mkdir()
    fault = told(make(tmp_path))[0]
    assert fault.code == code
    assert words in fault.message
    assert fault.file


def test_a_file_that_the_system_does_not_give(tmp_path: Path) -> None:
    folder(tmp_path, {})
    (tmp_path / "pairs.csv").symlink_to(tmp_path / "gone.csv")
    (fault,) = told(tmp_path)
    assert (fault.code, fault.file) == ("cannot_read", "pairs.csv")
    assert "No such file" in fault.message


def test_what_looks_like_a_social_security_number_is_never_repeated(tmp_path: Path) -> None:
    """Neither by the fault that refuses it, nor by any other about the same cell, nor where a header row is missing."""
    (tmp_path / "seekers.csv").write_text("seeker_id,wage_floor\n123-45-6789,123-45-6789\n123-45-6789,x\n", "utf-8")
    (tmp_path / "slots.csv").write_text("Zuckerman,123-45-6789\nMiller,987-65-4321\n", "utf-8")
    with pytest.raises(InputError) as refused:
        read_scenario(tmp_path)
    told = str(refused.value) + "".join(str(fault.as_dict()) for fault in refused.value.faults)
    assert "6789" not in told
    assert "4321" not in told
    assert "Zuckerman" not in told
