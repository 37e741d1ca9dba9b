"""Demo data as bodies for POST /v1/datasets: the scenarios of the repository, and a generated one."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from allocator.changes import plain
from allocator.documents import read_document
from allocator.domain import TABLES
from allocator.generate import generate, write_generated
from allocator.tables.folder import SETTINGS_FILE
from allocator.tables.source import parse_settings

HERE = Path(__file__).parent
PLACES = (HERE / "scenarios_of_the_repository", HERE.parent / "scenarios")
"""Where the scenarios lie: in an installed package, in a checkout."""


class Demo(NamedTuple):
    """What a set of demo data is, and how its folder is had."""

    about: str
    body: Callable[[], dict[str, Any]]


def body_of(name: str) -> dict[str, Any]:
    """The body of a set of demo data."""
    return DEMOS[name].body()


def _kept(name: str) -> dict[str, Any]:
    place = next(place / name for place in PLACES if (place / name).is_dir())
    return _of_folder(place)


def _generated() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        scenario, policy = generate(200, 60, 12, "full", 1)
        write_generated(scenario, policy, Path(place, "generated"), form="csv")
        return _of_folder(Path(place, "generated"))


def _of_folder(place: Path) -> dict[str, Any]:
    settings = parse_settings((place / SETTINGS_FILE).read_text("utf-8"))
    policy = read_document(place / "policy.toml", "policy.toml", [])
    tables = {table: _records(place / f"{table}.csv") for table in TABLES if (place / f"{table}.csv").is_file()}
    return {"name": settings["name"], "as_of": settings["as_of"], "tables": tables, "policy": plain(policy)}


def _records(path: Path) -> list[dict[str, str]]:
    """Records as text, without their blank cells."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(stream)]


DEMOS = {
    "paper": Demo(
        "Four people and three openings, with two seats promised to a partner: small enough to be checked with pencil and paper.", lambda: _kept("paper")
    ),
    "portland": Demo(
        "1,200 people and 188 job orders in and around Portland, with staff, commitments, pins, commutes and demographics.", lambda: _kept("portland")
    ),
    "conflict": Demo("Promises that cannot be kept together: its run is infeasible, and names its repairs.", lambda: _kept("conflict")),
    "generated": Demo("200 people and 60 job orders drawn by chance, with a policy that fits them.", _generated),
}
"""Sets of demo data by their ids."""
