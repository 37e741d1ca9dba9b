"""What was entered in a form of a scenario's page would come to, before anybody saves or solves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.pages import scenario_entries as entries
from api.pages import scenario_versions as versions
from api.pages.ask import Api, Ask
from api.pages.frame import Form, Pages
from api.pages.scenario import NO_REFERENCE, Text, here, scenario
from api.pages.scenario_rules import Tab

pages = Pages()


@pages.action("/scenarios/{scenario_id}/check", "compute", shows=scenario)
async def check(api: Ask, form: Form, scenario_id: str, rule: Text = "", add: Text = "", tab: Tab = "promises") -> str | dict[str, Any]:
    """Say what was entered would come to. Nothing is saved or solved."""
    read = await versions.read(api, form, scenario_id)
    if _half_entered(form):
        return {"checked": None, "given": form}
    made = await _entered(api, form, read, rule, add)
    if made is None:
        return here(scenario_id, tab=tab)
    place, changes = made
    base = read["base"]
    under = {"dataset_id": base["dataset_id"]} if base["scenario_id"] is None else {"scenario_id": base["scenario_id"], "version": base["version"]}
    told = (await api.post("/v1/scenario-checks", {"name": read["name"], "base": under, "changes": changes})).document
    return {"checked": _checked(told, place), "given": form}


def _half_entered(form: Form) -> bool:
    """Whether what a form cannot do without is still to be entered, so that there is nothing to check."""
    needed = {"pin": ("person", "slot"), "stability": ("at_most",) if form.get("keep") == "some" else ()}
    return not all(str(form.get(name) or "").strip() for name in needed.get(str(form.get("form")), ()))


async def _entered(api: Api, form: Form, read: Mapping[str, Any], rule: str, add: str) -> entries.Entered | None:
    """What was entered in the form that was sent, as changes; None where its rule is not there any more."""
    if form.get("form") == "pin":
        return entries.decided(form, read)
    if form.get("form") == "stability":
        return await entries.kept_stable(api, form, read)
    return await (entries.added(api, form, read, add) if add else entries.changed(api, form, read, rule))


def _checked(told: Mapping[str, Any], place: str) -> dict[str, Any]:
    """What a check says of what was entered at a place, and of everything together."""
    outlook = told["outlook"] or {"promises": [], "notices": [], "needs_reference": False}
    kind, _, label = place.removeprefix("constraints.").partition("[")
    wanted = label.removesuffix("]") or kind
    return {
        "faults": versions.plainly({"errors": told["errors"]}).get("errors", []),
        "notices": outlook["notices"],
        "warnings": [each for each in told["warnings"] if each["code"] != NO_REFERENCE],
        "needs_reference": outlook["needs_reference"],
        "promise": next((each for each in outlook["promises"] if kind == "reservation" and each["label"] == wanted), None),
    }
