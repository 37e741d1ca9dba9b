"""Write a scenario as a folder or a workbook that reads back to the same facts."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from allocator.domain import TABLES
from allocator.errors import Fault, InputError
from allocator.scenario import Scenario
from allocator.tables.folder import READERS, SETTINGS_FILE
from allocator.tables.headers import normalise

Form = Literal["csv", "parquet", "xlsx"]


def write_scenario(scenario: Scenario, path: str | Path, *, form: Form = "csv") -> None:
    """Write every table, the name and the day: into a folder (`csv`, `parquet`) or a workbook (`xlsx`).

    Whoever reads the target meanwhile sees the old scenario or the new one, never half of one. Files in the folder that
    are not tables (a policy, a README) stay. Scores are read back with two decimals.

    Raises:
        InputError: The target is a folder of something else, cannot be written, or a workbook cannot hold the scenario.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if form == "xlsx":
            _replace_file(scenario, target)
        else:
            _replace_folder(scenario, target, form)
    except OSError as error:
        raise InputError(
            [Fault("cannot_write", f"{target} cannot be written: {error.strerror or error}.", "Check the path and the space on the disk.", str(target))]
        ) from error


def _replace_file(scenario: Scenario, target: Path) -> None:
    from allocator.tables.workbook_writer import write_workbook

    if target.is_dir():
        raise InputError([Fault("target_is_a_folder", f"{target} is a folder.", "Give the name of an .xlsx file.", str(target))])
    if target.suffix.lower() != ".xlsx":
        raise InputError([Fault("not_a_workbook_name", f"{target.name} does not end in .xlsx.", "Give the name of an .xlsx file.", str(target))])
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as aside:
        fresh = Path(aside, target.name)
        write_workbook(scenario, fresh)
        fresh.replace(target)


def _replace_folder(scenario: Scenario, target: Path, form: Form) -> None:
    if target.exists() and not target.is_dir():
        raise InputError([Fault("target_is_a_file", f"{target} is a file.", "Give the name of a folder.", str(target))])
    if target.is_dir() and any(target.iterdir()) and not _looks_like_a_scenario(target):
        message = f"{target} is not empty and does not look like a scenario; nothing was written."
        raise InputError([Fault("target_not_a_scenario", message, "Choose a new or an empty folder.", str(target))])
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as aside:
        fresh = Path(aside, "new")
        fresh.mkdir()
        _write_tables(scenario, fresh, form)
        _carry_over(target, fresh)
        _swap(target, fresh, Path(aside, "old"))


def _swap(target: Path, fresh: Path, old: Path) -> None:
    """Put the new folder in the old one's place; if that fails, the old one comes back."""
    if not target.exists():
        fresh.rename(target)
        return
    target.rename(old)
    try:
        fresh.rename(target)
    except OSError:
        old.rename(target)
        raise


def _looks_like_a_scenario(folder: Path) -> bool:
    return (folder / SETTINGS_FILE).is_file() or all(any((folder / f"{table}{suffix}").is_file() for suffix in READERS) for table in ("seekers", "slots"))


def _is_ours(file: Path) -> bool:
    """Whether the new scenario takes this file's place."""
    return file.name == SETTINGS_FILE or (file.suffix.lower() in READERS and normalise(file.stem) in TABLES)


def _carry_over(old: Path, new: Path) -> None:
    if old.is_dir():
        for entry in old.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.copytree(entry, new / entry.name, symlinks=True)
            elif not _is_ours(entry):
                shutil.copy2(entry, new / entry.name, follow_symlinks=False)


def _write_tables(scenario: Scenario, folder: Path, form: Form) -> None:
    for table, frame in scenario.tables.items():
        if form == "parquet":
            frame.to_parquet(folder / f"{table}.parquet", index=False)
        else:
            text = _as_text(table, frame)
            # A lone carriage return is quoted only where it is part of the line end.
            returns = any(text[name].str.contains("\r", regex=False).any() for name in text if text[name].dtype == "str")
            text.to_csv(folder / f"{table}.csv", index=False, lineterminator="\r\n" if returns else "\n", encoding="utf-8")
    (folder / SETTINGS_FILE).write_text(settings(scenario), "utf-8")


def settings(scenario: Scenario) -> str:
    """The text of `scenario.toml`."""
    name = json.dumps(scenario.name, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"name = {name}\nas_of = {_iso(scenario.as_of)}\n"


def _as_text(table: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Flags as yes and no, days in ISO form; the rest as pandas writes it."""
    columns: dict[str, Any] = {}
    for name, column in TABLES[table].columns().items():
        if name in frame.columns:
            series = frame[name]
            if column.kind == "flag":
                series = series.map({True: "yes", False: "no"}, na_action="ignore")
            elif column.kind == "day":
                series = series.dt.strftime("%Y-%m-%d")
            columns[name] = series
    return pd.DataFrame(columns)


def _iso(day: date) -> str:
    return f"{day:%Y-%m-%d}"
