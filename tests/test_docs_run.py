"""README, guide and CONTRIBUTING say what is so: their Python runs, their commands print what they show, their policies are accepted."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from allocator import constraints
from allocator.check import check
from allocator.cli import app
from allocator.policy import Policy
from allocator.registry import discover
from allocator.solve import solve
from tests.worlds import orders, people, scores, world

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "docs/guide.md", "CONTRIBUTING.md")


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text, flags=re.MULTILINE | re.DOTALL)
    return ["\n".join(line.removeprefix(indent) for line in body.splitlines()) for indent, body in found]


def test_the_readme_python_prints_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (example,) = blocks("README.md", "python")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {})
    said = re.findall(r"^print\(.*\) +# ([^:\n]+)", example, flags=re.MULTILINE)
    lines = printed.getvalue().splitlines()
    assert said
    assert [lines[0], lines[-1]] == said


def commands() -> list[tuple[str, str, list[str]]]:
    """Each page's commands with the lines shown under them, in order."""
    found = []
    for page in PAGES:
        for block in blocks(page, "console"):
            shown: list[str] = []
            for line in block.splitlines():
                if line.startswith("$ "):
                    shown = []
                    found.append((page, line.removeprefix("$ "), shown))
                elif line.strip():
                    shown.append(line)
    return found


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_print_what_the_pages_show(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)
    assert len(commands()) >= 25
    for _, command, shown in (each for each in commands() if each[0] == page):
        words = shlex.split(command.removeprefix(".venv/bin/"))
        assert words[0] == "ojt", command
        finished = CliRunner().invoke(app, words[1:], env={"COLUMNS": "200"})
        expected = 3 if command.startswith("ojt allocate scenarios/conflict --out") else 0
        assert finished.exit_code == expected, f"{page}: {command}\n{finished.output}"
        for line in shown:
            assert line in finished.stdout, f"{page}: {command}\nprints\n{finished.stdout}"


@pytest.mark.parametrize("page", PAGES)
def test_policies_shown_are_policies(page: str) -> None:
    for block in blocks(page, "toml"):
        document = tomllib.loads(block)
        if "extends" not in document:
            assert Policy.from_dict(document).constraints


def test_the_rule_in_contributing_works_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = blocks("CONTRIBUTING.md", "python")
    (tmp_path / "night_limit.py").write_text(code, "utf-8")
    monkeypatch.setattr(constraints, "__path__", [*constraints.__path__, str(tmp_path)])
    discover.cache_clear()
    try:
        policy = Policy.from_dict({"constraints": [{"kind": "night_limit", "at_most": 1}]})
        facts = world(seekers=people(2), slots=orders(2, shift="night"), pairs=scores({("S1", "J1"): 2, ("S2", "J1"): 3}))
        assert solve(facts, policy).plan() == [("S2", "J1")]
        assert [violation.message for violation in check(facts, policy, [("S1", "J1"), ("S2", "J1")])] == ["2 people work at night; 1 at most."]
    finally:
        sys.modules.pop("allocator.constraints.night_limit", None)
        discover.cache_clear()


@pytest.mark.parametrize(
    "page",
    [*PAGES, "docs/model.md", "docs/decisions.md", "docs/glossary.md", "docs/data.md", "docs/rules.md", "docs/cli.md", "docs/service.md", "docs/settings.md"],
)
def test_links_between_pages_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", text):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"
