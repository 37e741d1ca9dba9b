"""A promise under every other reading of the same words, in people, as it would have been in a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.pages.ask import Api, RefusedError
from api.pages.controls import word_of


async def readings_of(api: Api, planned: Mapping[str, Any] | None, label: str) -> dict[str, Any]:
    """What every reading of a promise would have done in a run with a plan; or why that cannot be told."""
    if planned is None:
        return {"missing": "no_run"}
    try:
        told = await api.get("/v1/runs/{run_id}/semantics/{label}", run_id=planned["id"], label=label)
    except RefusedError as refused:
        return {"missing": "not_in_run" if refused.code == "not-found" else "later"}
    lines = [{"now": True, **told["present"]}, {"now": False, **told["off"], "mode": "off"}, *({"now": False, **each} for each in told["others"])]
    lines = [{**each, "word": word_of("choice", each["mode"]), "of": word_of("choice", each["denominator"])} for each in lines]
    return {"missing": "", "run": planned["id"], "version": planned["scenario_version"], "lines": lines, "prices": told["prices"]}
