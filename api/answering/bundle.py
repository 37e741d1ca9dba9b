"""A run as an archive: `scenario/` as it was before the run's changes, `result/` as the run wrote it. `ojt explain result` works on it."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from allocator.domain import PROTECTED
from allocator.read import read_scenario
from allocator.scenario import Scenario
from allocator.write import write_scenario
from api.answering.opened import Held

README = """A run of the OJT Allocator.

scenario/   the facts and the policy before the run's changes{without}
result/     what the run answered; result.json has all of it

With the program installed, `ojt explain result`, `ojt report result` and `ojt compare result OTHER` work in this folder.
"""
WITHOUT = ", without the table demographics, which only the equity report may read;\n            the digest of the facts in result.json is that of these facts"


def bundle(held: Held, *, by_demographics: bool) -> bytes:
    """The archive; the same run gives the same bytes."""
    result, source = held.opened.result, Path(held.subject.job["scenario"])
    facts = read_scenario(source, as_of=date.fromisoformat(result.as_of))
    dropped = not by_demographics and facts.has(PROTECTED)
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside)
        write_scenario(_without(facts) if dropped else facts, folder / "scenario")
        for file in source.glob("*.toml"):
            if file.name != "scenario.toml":
                shutil.copyfile(file, folder / "scenario" / file.name)
        shutil.copytree(held.folder, folder / "result")
        if dropped:
            _name_the_facts(folder / "result" / "result.json", _without(held.opened.scenario).digest)
        (folder / "README.txt").write_text(README.format(without=WITHOUT if dropped else ""), "utf-8")
        return packed({path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()})


def _without(facts: Scenario) -> Scenario:
    """The same facts without the protected table."""
    tables = {name: frame for name, frame in facts.tables.items() if name != PROTECTED}
    return Scenario.of(tables, as_of=facts.as_of, name=facts.name, warnings=facts.warnings)


def _name_the_facts(path: Path, digest: str) -> None:
    document = json.loads(path.read_text("utf-8"))
    document["digests"]["scenario"] = digest
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def packed(files: Mapping[str, bytes]) -> bytes:
    """Files as an archive; the same files give the same bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
    return sink.getvalue()
