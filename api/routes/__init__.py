"""The routes, one resource a file; each translates and calls."""

from __future__ import annotations

from importlib import import_module

from fastapi import APIRouter

RESOURCES = (
    "api_keys",
    "audit",
    "comparisons",
    "dataset_looks",
    "datasets",
    "demo_data",
    "evaluations",
    "explanations",
    "health",
    "infeasibility",
    "issue_types",
    "lists",
    "me",
    "metrics",
    "occurrences",
    "problem_pages",
    "publications",
    "purges",
    "recommendations",
    "results",
    "rules",
    "runs",
    "scenarios",
    "schedules",
    "studies",
    "settings",
    "sweeps",
    "webhooks",
)


PAGES = (
    "audit",
    "compare",
    "conflict",
    "data",
    "home",
    "keys",
    "nights",
    "occurrence",
    "publications",
    "run",
    "runs",
    "scenario",
    "scenario_changes",
    "scenario_check",
    "scenario_runs",
    "scenarios",
    "schedule",
    "search",
    "settings",
    "studies",
    "tradeoffs",
)
"""Areas of the pages, one a file; what is done on a large one has files of its own."""


def every_router() -> list[APIRouter]:
    """The routers of all resources, of logging in, and of the pages."""
    from api.pages import login, reference, static_files

    resources = (import_module(f"api.routes.{name}").router for name in RESOURCES)
    return [*resources, login.router, reference.router, static_files.router, *(import_module(f"api.pages.{name}").pages.router for name in PAGES)]
