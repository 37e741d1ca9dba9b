"""Every code that the library's sources give to a fault of data, policies or changes is explained."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from allocator.fault_codes import CODES
from tests.test_faults_data import CASES

SOURCES = Path(__file__).parent.parent / "allocator"
OTHERS = ("cli", "write.py", "workbook.py", "workbook_writer.py")
"""Where faults are about files that a command was told to write; no upload has them."""


def told() -> set[str]:
    """Codes that stand first in a call that makes a fault."""
    found = set()
    for path in SOURCES.rglob("*.py"):
        if not set(path.relative_to(SOURCES).parts) & set(OTHERS):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                called = getattr(node, "func", None)
                name = getattr(called, "attr", getattr(called, "id", ""))
                first = node.args[0] if isinstance(node, ast.Call) and node.args else None
                if name in ("Fault", "fault", "Wrong") and isinstance(first, ast.Constant) and re.fullmatch(r"[a-z]+(_[a-z]+)+", str(first.value)):
                    found.add(str(first.value))
    return found


def test_every_code_is_explained() -> None:
    assert {case[2] for case in CASES} <= set(CODES)
    assert told() <= set(CODES), sorted(told() - set(CODES))


def test_explanations_are_sentences() -> None:
    for code, found in CODES.items():
        assert found.meaning.endswith("."), code
        assert found.mend.endswith("."), code
