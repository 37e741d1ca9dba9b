"""Runs of a scenario, and of its copies over values of a number."""

from __future__ import annotations

from typing import Any

from api.pages.ask import Ask
from api.pages.controls import entered
from api.pages.frame import Form, Pages
from api.pages.scenario import scenario

pages = Pages()


@pages.action("/scenarios/{scenario_id}/run", "runs", shows=scenario)
async def run(api: Ask, form: Form, scenario_id: str) -> str:
    """Start a run."""
    body: dict[str, Any] = {"scenario_id": scenario_id, "note": str(form.get("note") or "")}
    body |= {name: value for name in ("seed", "reference_run") if (value := form.get(name))}
    if limit := form.get("time_limit"):
        body["limits"] = {"time_limit": limit}
    made = await api.post("/v1/runs", body, once=str(form.get("once") or ""))
    return f"/runs/{made.made}"


@pages.action("/scenarios/{scenario_id}/sweep", "runs", shows=scenario)
async def sweep(api: Ask, form: Form, scenario_id: str) -> str:
    """Run copies over values of a number."""
    path, percent = str(form.get("path") or ""), str(form.get("path") or "").endswith(".share")
    ends = [_part(str(form.get(name) or ""), percent) for name in ("start", "stop", "step")]
    body: dict[str, Any] = {"scenario_id": scenario_id, "axes": [{"path": path, "range": ":".join(ends)}], "note": str(form.get("sweep_note") or "")}
    if reference := form.get("sweep_reference"):
        body["reference_run"] = reference
    made = await api.post("/v1/sweeps", body, once=str(form.get("once") or ""))
    return f"/tradeoffs/{made.made}"


def _part(text: str, percent: bool) -> str:
    """A number as ranges have it; shares are entered in percent."""
    value = entered({"is": "share" if percent else "number", "field": "value"}, _One(text))
    return "" if value is None else str(value)


class _One(dict[str, Any]):
    """One entered text."""

    def __init__(self, text: str) -> None:
        super().__init__(value=text)

    def getlist(self, name: str) -> list[Any]:
        """Its values."""
        return [self[name]]
