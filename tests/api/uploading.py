"""Uploads as tests make them: folders as files, as archives, as workbooks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from fastapi.testclient import TestClient
from httpx2 import Response

from allocator.read import read_scenario
from allocator.write import write_scenario
from tests.api.made import PAPER

ROOT = Path(__file__).parent.parent.parent
PORTLAND = ROOT / "scenarios" / "portland"
GOOD: dict[str, bytes] = {"seekers.csv": b"seeker_id\nS1\nS2\n", "slots.csv": b"slot_id,openings\nJ1,1\n"}
"""The smallest scenario."""


def files_in(folder: Path = PAPER) -> dict[str, bytes]:
    """The files of a scenario's folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.suffix in (".csv", ".toml")}


def zipped(files: Mapping[str, bytes], *, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Files as an archive."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", packed) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return sink.getvalue()


def workbook(place: Path, folder: Path = PAPER) -> bytes:
    """A scenario as a workbook."""
    write_scenario(read_scenario(folder), place / "all.xlsx", form="xlsx")
    return (place / "all.xlsx").read_bytes()


def upload(client: TestClient, files: Mapping[str, bytes], headers: Mapping[str, str] | None = None, **fields: str) -> Response:
    """Send files as a form."""
    parts = [("file", (name, content, "application/octet-stream")) for name, content in files.items()]
    answer: Response = client.post("/v1/datasets", files=parts, data=fields, headers=dict(headers or {}))  # type: ignore[assignment]
    return answer
