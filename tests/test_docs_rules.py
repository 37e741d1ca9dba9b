"""Every rule has its law, stands in `docs/rules.md`, and has a test module that names it; the pages say what the code says."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from allocator.reference import SECTIONS, every_rule, in_words, paragraphs
from allocator.registry import discover
from allocator.result import KEYS

ROOT = Path(__file__).resolve().parent.parent
RULES = [(page.section, page.kind) for page in every_rule()]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_is_a_page_for_every_file_in_the_three_folders() -> None:
    files = {(section, path.stem) for section in SECTIONS for path in (ROOT / "allocator" / section).glob("*.py") if path.stem not in ("__init__", "base")}
    assert set(RULES) == files


@pytest.mark.parametrize(("section", "kind"), RULES)
def test_every_rule_is_explained_documented_and_tested(section: str, kind: str) -> None:
    rule = discover(section)[kind]
    law = rule.law()
    assert law.splitlines()[0].endswith("."), "the first line is the law in one sentence"
    assert "\nWhy:" in law
    assert all(info.description for name, info in rule.model_fields.items() if name != "kind"), "every parameter says what it means"
    page = (ROOT / "docs" / "rules.md").read_text("utf-8")
    assert f"\n### {kind}\n\n{law.splitlines()[0]}" in page
    tests = ROOT / "tests" / section / f"test_{kind}.py"
    assert tests.exists(), f"write {tests.relative_to(ROOT)}"


def test_no_page_has_drifted(generate: ModuleType) -> None:
    assert generate.drifted() == [], "run python docs/generate.py"


def test_tables_that_rules_share_are_explained_with_every_key() -> None:
    models = {model.name: model for page in every_rule() for model in page.models}
    assert set(models) == {"Beneficiaries", "PinnedPair", "Release", "Scope", "Step", "Weights"}
    for model in models.values():
        assert model.about
        assert all(line.about for line in model.parameters), model.name
    assert models["Release"].about.startswith("When a held seat is let go"), "its file explains more than its class"


@pytest.mark.parametrize(
    ("section", "kind", "name", "words"),
    [
        ("constraints", "reservation", "share", "number, 0 to 1"),
        ("constraints", "reservation", "count", "whole number, 0 to 1,000,000,000"),
        ("constraints", "reservation", "weight", "number, above 0, at most 10,000"),
        ("constraints", "reservation", "beneficiaries", "Beneficiaries"),
        ("constraints", "reservation", "merit_count", "list of whole numbers, 0 to 1,000,000,000"),
        ("constraints", "staff_capacity", "charge", "`seeker`, `slot`, `center`"),
        ("constraints", "staff_capacity", "extra_points", "table of name = whole number, 0 to 1,000,000,000"),
        ("constraints", "pins", "pins", "list of PinnedPair"),
        ("goals", "priority_of_service", "local", "list of lists of texts"),
        ("goals", "placements", "count_reverse_referrals", "true or false"),
    ],
)
def test_types_are_said_in_plain_words(section: str, kind: str, name: str, words: str) -> None:
    page = next(page for page in every_rule() if (page.section, page.kind) == (section, kind))
    assert next(line.type for line in page.parameters if line.name == name) == words
    assert in_words(int | None) == "whole number"


def test_laws_wrap_but_formulas_do_not() -> None:
    assert list(paragraphs("One\nlaw.\n\n    a = b\n    c = d\n\nWhy: so\nit is.\nSource: x.")) == [
        "One law.", "", "    a = b", "    c = d", "", "Why: so it is.", "Source: x.", "",
    ]  # fmt: skip


def test_every_key_of_the_result_is_on_the_page_of_the_command() -> None:
    page = (ROOT / "docs" / "cli.md").read_text("utf-8")
    assert all(f"`{key}`" in page for key in KEYS)
