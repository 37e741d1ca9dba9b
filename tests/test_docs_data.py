"""`docs/data.md` says what the code does, and all of it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from allocator.domain import PERSONAL_HEADERS, TABLES

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.fixture
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_has_not_drifted(generate: ModuleType) -> None:
    assert "data.md" not in generate.drifted(), "run python docs/generate.py"


def test_every_table_column_and_alias_is_on_it(generate: ModuleType) -> None:
    page = generate.data_page()
    for table, model in TABLES.items():
        assert f"\n## {table}\n" in page
        for name, column in model.columns().items():
            assert f"| `{name}` | {column.about}" in page
            assert all(f"`{word}`" in page for word in (*column.aliases, *column.among))
    assert all(f"`{header}`" in page for header in PERSONAL_HEADERS)


def test_every_line_of_a_table_has_as_many_cells_as_its_header(generate: ModuleType) -> None:
    for line in generate.data_page().splitlines():
        if line.startswith("|"):
            assert line.replace("\\|", "").count("|") in (3, 8), line


def test_check_names_what_has_drifted(generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(generate, "HERE", tmp_path)
    assert generate.main(["--check"]) == 1
    assert "docs/data.md has drifted" in capsys.readouterr().err
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    (tmp_path / "data.md").write_text("edited by hand")
    assert generate.main(["--check"]) == 1
    assert generate.main(["--wrong"]) == 2
