"""Versions of a scenario: the one that a form was filled in on, and the next, or in plain words why there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from api.pages.ask import Api, RefusedError
from api.pages.frame import Form
from api.pages.words import say


async def read(api: Api, form: Form, scenario_id: str) -> Any:
    """The version that the form was filled in on."""
    return await api.get("/v1/scenarios/{scenario_id}", scenario_id=scenario_id, version=number(form))


async def save(api: Api, before: Mapping[str, Any], changes: Sequence[Mapping[str, Any]]) -> None:
    """Make the next version with these changes."""
    await patch(api, before["id"], before["version"], {"changes": list(changes)})


def number(form: Form) -> str:
    """The version that a form says; one that says none is no form of ours, and must not change what nobody has seen."""
    return str(form.get("version") or "0")


async def patch(api: Api, scenario_id: str, version: int | str, body: Mapping[str, Any]) -> None:
    """Make the next version; RefusedError says in plain words what is wrong, or what somebody else has changed meanwhile."""
    try:
        await api.ask("PATCH", "/v1/scenarios/{scenario_id}", body, headers={"If-Match": f'"{version}"'}, scenario_id=scenario_id)
    except RefusedError as refused:
        if refused.code == "stale":
            raise RefusedError({**refused.problem, **await _meanwhile(api, scenario_id, version)}) from None
        raise RefusedError({**refused.problem, **plainly(refused.problem)}) from None


async def _meanwhile(api: Api, scenario_id: str, version: int | str) -> dict[str, Any]:
    """What somebody else has changed since a version."""
    told, now = await asyncio.gather(
        api.get("/v1/scenarios/{scenario_id}/diff", scenario_id=scenario_id, version=version, **{"with": scenario_id}),
        api.get("/v1/scenarios/{scenario_id}", scenario_id=scenario_id),
    )
    sentences = told["sentences"] or [say("scenario.meanwhile_words")]
    return {"title": say("scenario.meanwhile"), "detail": say("scenario.meanwhile_text", version=now["version"])} | {
        "errors": [{"message": text, "fix": ""} for text in sentences],
        "error_count": len(sentences),
    }


def plainly(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Faults by the field they are in, without the places of a change set, which nobody has typed here."""
    faults = [fault for fault in problem.get("errors", []) if fault.get("severity", "error") == "error"]
    told = [{"message": fault["message"], "fix": fault.get("fix", ""), "field": _field(str(fault.get("column", "")))} for fault in faults]
    return {"title": say("scenario.not_saved"), "detail": say("scenario.not_saved_text", n=len(told)), "errors": told, "error_count": len(told)} if told else {}


def _field(column: str) -> str:
    """The field that a place of a change is entered in; a list, and each of its parts, in one."""
    return next((part for part in reversed(column.split(".")) if not part.isdecimal()), "")
