"""The routes, one resource a file; each translates and calls."""

from __future__ import annotations

from importlib import import_module

from fastapi import APIRouter

RESOURCES = (
    "api_keys",
    "audit",
    "comparisons",
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
    "sweeps",
    "webhooks",
)


def every_router() -> list[APIRouter]:
    """The routers of all resources, and of logging in."""
    from api.pages import login, reference

    return [*(import_module(f"api.routes.{name}").router for name in RESOURCES), login.router, reference.router]
