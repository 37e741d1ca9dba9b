"""How the house is built: who may import whom, one test module a rule, no file too long to read. Read from the sources, not from what ran."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from allocator.policy import ALWAYS

ROOT = Path(__file__).parent.parent
FOLDERS = ("constraints", "eligibility", "goals")
"""The three folders of rules."""
LONGEST = 450
SOURCES = sorted(path.relative_to(ROOT) for folder in ("allocator", "api", "benchmarks", "tests") for path in (ROOT / folder).rglob("*.py"))
OURS = [path for path in SOURCES if path.parts[0] == "allocator"]
RULES = [path for path in OURS if path.parts[1] in FOLDERS and path.stem not in ("__init__", "base")]


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Every module that a file imports anywhere in it, in functions and for type checking too, by its full name."""
    return tuple(_imported(ast.parse((ROOT / path).read_text(encoding="utf-8")), package=path.parent.parts))


def _imported(tree: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{name.name}" for name in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("import_module", "importlib.import_module", "__import__"):
            said = node.args[0] if node.args else None
            if isinstance(said, ast.Constant):
                yield str(said.value)


def within(module: str, *names: str) -> bool:
    """Whether a module is one of these or lies inside one."""
    return any(module == name or module.startswith(f"{name}.") for name in names)


def importers(*names: str, among: list[Path] = SOURCES) -> set[Path]:
    """Files that import one of these modules."""
    return {path for path in among if any(within(module, *names) for module in imported(path))}


def test_the_reader_of_imports_misses_none() -> None:
    text = "import a.b\nfrom c import d\nif 0:\n    from . import e\ndef f():\n    from ..g import h\n    import_module('i.j')\n"
    found = set(_imported(ast.parse(text), package=("allocator", "goals")))
    assert found == {"a.b", "c", "c.d", "allocator.goals", "allocator.goals.e", "allocator.g", "allocator.g.h", "i.j"}
    assert len(RULES) > 30
    assert importers("numpy") > importers("numpy", among=RULES) != set()


def test_solvers_are_imported_by_engines_only() -> None:
    found = importers("ortools", "pulp", "highspy", among=OURS)
    assert found
    assert {path.parent for path in found} == {Path("allocator/engines")}


SERVING = {Path("allocator/cli") / name for name in ("service.py", "keys.py", "audit.py", "nightly.py", "purge.py")}
"""The service's own commands, which load it when they are run."""


def test_the_library_knows_no_service_and_no_database() -> None:
    assert importers("api", "fastapi", "starlette", "uvicorn", "sqlalchemy", among=OURS) <= SERVING


def test_only_the_service_imports_fastapi() -> None:
    found = importers("fastapi", "starlette")
    assert found
    assert {path.parts[:2] if path.parts[0] == "tests" else path.parts[:1] for path in found} <= {("api",), ("tests", "api")}


@pytest.mark.parametrize("path", RULES, ids=lambda path: "/".join(path.with_suffix("").parts[1:]))
def test_a_rule_stands_alone_and_has_its_test(path: Path) -> None:
    others = [".".join(other.with_suffix("").parts) for other in RULES if other != path]
    assert [module for module in imported(path) if module in others] == []
    assert [module for module in imported(path) if within(module, "allocator.engines")] == []
    tests = ROOT / "tests" / path.parts[1] / f"test_{path.stem}.py"
    assert tests.exists()
    text = tests.read_text(encoding="utf-8")
    # Rules that always hold are in no policy; their tests judge by a policy that names nothing.
    said = rf"[\"']{path.stem}\b|\b{path.stem}:|from allocator\.{path.parts[1]}\.{path.stem} import"
    assert path.stem in ALWAYS or re.search(said, text), f"{tests.name} never says the kind {path.stem!r}"
    assert any(isinstance(node, ast.FunctionDef) and node.name.startswith("test_") for node in ast.walk(ast.parse(text)))


def test_checking_a_plan_loads_no_solver() -> None:
    code = (
        "import sys, json, allocator.check\n"
        "from allocator.registry import discover\n"
        f"found = [len(discover(folder)) for folder in {FOLDERS}]\n"
        "print(json.dumps([found, sorted(sys.modules)]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    found, loaded = json.loads(done.stdout)
    assert sum(found) == len(RULES)
    assert "allocator.goals.placements" in loaded
    assert [name for name in loaded if within(name, "ortools", "pulp", "highspy", "allocator.engines", "api", "fastapi")] == []


NAMING = {
    "domain.py", "scenario.py", "protected.py", "cli/equity.py", "report/sections/equity.py",
    "tables/headers.py", "tables/keys.py", "change_paths.py", "change_tables.py", "differences.py", "comparing/inputs.py",
}  # fmt: skip
"""Who names the protected table: its model, the scenario that refuses it, the door, the command and the section that miss it; and those that name it to
keep out: readers that check its ids, changes that refuse it and drop the lines of people who are gone, comparisons that tell no more than its size."""


def test_protected_facts_have_one_door_and_equity_alone_goes_through_it() -> None:
    assert importers("allocator.protected", among=OURS) == {Path("allocator/equity.py")}
    speaking = {path for path in OURS if _says(path, "demographics") or "allocator.domain.PROTECTED" in imported(path)}
    makers = {Path("allocator/generate.py")} & speaking  # which draws made-up people
    assert {str(path.relative_to("allocator")) for path in speaking - makers} <= NAMING


def test_no_rule_score_or_engine_knows_the_equity_report() -> None:
    deciding = [path for path in OURS if path.parts[1] in (*FOLDERS, "quality", "engines")]
    deciding += [Path("allocator") / name for name in ("problem.py", "pairs.py", "program.py", "solve.py", "settle.py", "plan.py", "policy.py")]
    assert importers("allocator.protected", "allocator.equity", "allocator.program_report", among=deciding) == set()


def _says(path: Path, word: str) -> bool:
    """Whether the word is a text of its own somewhere in the file's code."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return any(isinstance(node, ast.Constant) and node.value == word for node in ast.walk(tree))


def test_every_file_can_be_read_in_one_sitting() -> None:
    lines = {str(path): len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in OURS}
    assert {path: count for path, count in lines.items() if count > LONGEST} == {}
