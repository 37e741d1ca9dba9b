"""Things in a store that a test starts from, made without the routes that it does not test."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from api.clock import now
from api.ids import new_id
from api.service import Service
from api.store.blobs import keep
from api.store.tables import datasets, scenario_versions, scenarios

ROOT = Path(__file__).parent.parent.parent
PAPER = ROOT / "scenarios" / "paper"
"""Four people and three openings: solved in a moment."""


def make_dataset(service: Service, folder: Path = PAPER, board: str = "main") -> str:
    """A dataset of the files of a folder."""
    dataset_id = new_id("dataset")
    with service.store.begin() as connection:
        files = {path.name: keep(connection, path.read_bytes()) for path in folder.iterdir() if path.suffix in (".csv", ".toml", ".parquet")}
        row = {"id": dataset_id, "board": board, "name": folder.name, "digest": "0" * 64, "as_of": date(2026, 11, 2), "files": files, "counts": {}}
        connection.execute(datasets.insert().values(**row, errors=0, warnings=0, created_by="test", created_at=now()))
    return dataset_id


def make_scenario(service: Service, folder: Path = PAPER, board: str = "main", changes: list[dict[str, Any]] | None = None) -> str:
    """A scenario on a dataset of the folder."""
    dataset_id, scenario_id = make_dataset(service, folder, board), new_id("scenario")
    with service.store.begin() as connection:
        moment = now()
        connection.execute(scenarios.insert().values(id=scenario_id, board=board, version=1, created_by="test", created_at=moment, updated_at=moment))
        row = {"scenario_id": scenario_id, "version": 1, "name": folder.name, "dataset_id": dataset_id, "layers": [], "changes": changes or [], "note": ""}
        connection.execute(scenario_versions.insert().values(**row, tags=[], created_by="test", created_at=moment))
    return scenario_id
