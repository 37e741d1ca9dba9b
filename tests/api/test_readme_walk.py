"""The walk through the service in the README, carried out as it stands against a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from api.settings import Settings
from tests.api.served import environment, served

ROOT = Path(__file__).parents[2]


def walk() -> str:
    """The commands of the README's section, without the one that starts the service."""
    section = re.search(r"^## As a service\n(.*?)^## ", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert section is not None
    first, *blocks = re.findall(r"^```sh\n(.*?)^```", section[1], flags=re.MULTILINE | re.DOTALL)
    assert first.startswith("make serve")
    return "".join(blocks)


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not there")
def test_the_walk_through_the_service(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("scenarios", ".venv"):
        (tmp_path / name).symlink_to(ROOT / name)
    settings = Settings(data_dir=tmp_path / "service")
    with served(settings) as service:
        said = capfd.readouterr().out
        assert "ojt keys create --role admin" in said
        commands = f"set -euo pipefail\n{walk()}".replace("http://127.0.0.1:8000", service.address)
        carried_out = subprocess.run(
            ["bash", "-c", commands], cwd=tmp_path, env={**environment(settings), "PATH": os.environ["PATH"]}, capture_output=True, text=True, timeout=300
        )
    assert carried_out.returncode == 0, carried_out.stdout + carried_out.stderr
    told = carried_out.stdout
    assert "event: status" in told
    assert "event: phase" in told
    headline, explained, compared = told.splitlines()[-3:]
    assert re.search(r"\d+ of \d[\d,]* people placed", headline), told
    assert explained.endswith(".")
    assert compared.endswith(".")
    assert zipfile.is_zipfile(tmp_path / "team.xlsx")
