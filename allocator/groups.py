"""Who a promise is for, and which slots it is about."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from allocator.errors import Fault
from allocator.scenario import Mask

if TYPE_CHECKING:
    from allocator.problem import Problem
    from allocator.rule import Rule

_SINGULAR = {
    "partner": "partners",
    "population": "populations",
    "tier": "tiers",
    "seeker": "seekers",
    "sector": "sectors",
    "employer": "employers",
    "county": "counties",
    "center": "centers",
    "funding_stream": "funding_streams",
    "slot": "slots",
    "occupation": "occupations",
}


def _tidy(value: Any, everything: str, plain: str) -> Any:
    """Accept `"partner:CBO1"`, `["partner:CBO1", "tier:1"]` and `{partner = "CBO1"}` for `{partners = ["CBO1"]}`."""
    if isinstance(value, str):
        value = [value]
    if isinstance(value, (list, tuple)):
        gathered: dict[str, list[Any]] = {}
        for item in value:
            text = str(item)
            dimension, colon, code = text.partition(":")
            if text == everything or (everything == "any_partner" and text == "partner:any"):
                gathered.setdefault(plain, []).append("any")
            elif colon and (dimension in _SINGULAR or dimension in _SINGULAR.values()):
                gathered.setdefault(_SINGULAR.get(dimension) or dimension, []).append(code)
            else:
                gathered.setdefault(plain, []).append(text)
        value = gathered
    if isinstance(value, dict):
        tidied: dict[str, Any] = {}
        for name, codes in value.items():
            listed = [codes] if isinstance(codes, (str, int)) else codes
            tidied[_SINGULAR.get(name) or name] = [str(code) for code in listed] if isinstance(listed, (list, tuple)) else listed
        return tidied
    return value


class Beneficiaries(BaseModel):
    """Seekers a promise is for: members of any of the named partners, populations or priority tiers.

    Written `"partner:CBO1"`, `"any_partner"`, `"population:homeless"`, `"tier:1"`, a list of those, or a table such as
    `{partners = ["CBO1", "CBO2"]}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    partners: tuple[str, ...] = Field((), description="Partner ids, or any.")
    populations: tuple[str, ...] = Field((), description="Population codes.")
    tiers: tuple[str, ...] = Field((), description="Priority tiers, 1 to 5.")
    seekers: tuple[str, ...] = Field((), description="Seeker ids.")

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, value: Any) -> Any:
        return _tidy(value, "any_partner", "partners")

    @model_validator(mode="after")
    def _somebody(self) -> Beneficiaries:
        if not (self.partners or self.populations or self.tiers or self.seekers):
            raise ValueError("name at least one partner, population, tier or seeker")
        return self

    def members(self, problem: Problem) -> Mask:
        """Per seeker, whether the promise is for them."""
        facts = problem.scenario
        member = np.zeros(facts.size("seekers"), dtype=bool)
        if self.partners:
            partner = facts.coded("seekers", "partner_id")
            wanted = [partner.code(code) for code in self.partners]
            member |= partner.codes >= 0 if "any" in self.partners else np.isin(partner.codes, wanted)
        if self.populations:
            member |= facts.lists("seekers", "populations").any_of(frozenset(self.populations))
        if self.tiers:
            wanted = [k for k, name in enumerate(problem.tier_names) if name in self.tiers or name[0] in self.tiers]
            member |= np.isin(problem.tiers, wanted)
        if self.seekers:
            member |= np.isin(facts.ids("seekers"), self.seekers)
        return member

    def unknown(self, problem: Problem) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Names that nothing in the scenario answers to: (what, name, names there are)."""
        facts = problem.scenario
        known = tuple(facts.ids("partners")) if facts.has("partners") else facts.coded("seekers", "partner_id").values
        for partner in self.partners:
            if partner != "any" and partner not in known:
                yield "partner", partner, known
        codes = tuple(sorted({code for codes in facts.lists("seekers", "populations").sets for code in codes}))
        for population in self.populations:
            if population not in codes:
                yield "population", population, codes
        for tier in self.tiers:
            if tier not in problem.tier_names and tier != "4":
                yield "tier", tier, problem.tier_names
        for seeker in self.seekers:
            if facts.position("seekers", seeker) < 0:
                yield "seeker", seeker, ()

    def describe(self) -> str:
        """In words: `partner CBO1`, `any partner`, `population homeless or tier 1`."""
        words = ["any partner" if code == "any" else f"partner {code}" for code in self.partners]
        words += [f"population {code}" for code in self.populations]
        words += [f"tier {code}" for code in self.tiers]
        words += [f"seeker {code}" for code in self.seekers]
        return " or ".join(words)


class Scope(BaseModel):
    """Slots a rule is about: those that match every dimension named, in any of its values; all slots where none is named.

    Written `"all"`, `"sector:31-33"`, or a table such as `{sectors = ["62"], counties = ["41051"]}`. Sectors are NAICS prefixes of the
    slot's employer; `31-33` is a range of two-digit sectors.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sectors: tuple[str, ...] = Field((), description="NAICS prefixes or two-digit ranges.")
    employers: tuple[str, ...] = Field((), description="Employer ids.")
    counties: tuple[str, ...] = Field((), description="County FIPS codes of the work site.")
    centers: tuple[str, ...] = Field((), description="Centers that hold the order.")
    funding_streams: tuple[str, ...] = Field((), description="Funding streams that pay.")
    staff: tuple[str, ...] = Field((), description="Business services representatives.")
    occupations: tuple[str, ...] = Field((), description="O*NET-SOC prefixes.")
    slots: tuple[str, ...] = Field((), description="Slot ids.")

    @model_validator(mode="before")
    @classmethod
    def _from_words(cls, value: Any) -> Any:
        if value == "all" or value == ["all"]:
            return {}
        return _tidy(value, "all", "slots")

    @property
    def everything(self) -> bool:
        """Whether no dimension is named."""
        return not any(getattr(self, name) for name in type(self).model_fields)

    def members(self, problem: Problem) -> Mask:
        """Per slot, whether the rule is about it."""
        facts = problem.scenario
        inside = np.ones(facts.size("slots"), dtype=bool)
        if self.sectors:
            naics = facts.coded("employers", "naics")
            hit = np.array([any(_in_sector(value, sector) for sector in self.sectors) for value in naics.values] + [False], dtype=bool)
            of_employer = hit[naics.codes]
            employer = facts.link("slots", "employer_id")
            inside &= np.where(employer >= 0, np.append(of_employer, False)[employer], False)
        by_column = {"employer_id": self.employers, "county_fips": self.counties, "center_id": self.centers, "funding_stream": self.funding_streams}
        for column, wanted in by_column.items():
            if wanted:
                coded = facts.coded("slots", column)
                inside &= np.isin(coded.codes, [coded.code(code) for code in wanted])
        if self.staff:
            inside &= np.isin(problem.slot_staff, [k for k in (facts.position("staff", code) for code in self.staff) if k >= 0])
        if self.occupations:
            soc = facts.coded("slots", "onet_soc")
            hit = np.array([value.startswith(self.occupations) for value in soc.values] + [False], dtype=bool)
            inside &= hit[soc.codes]
        if self.slots:
            inside &= np.isin(facts.ids("slots"), self.slots)
        return inside

    def unknown(self, problem: Problem) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        """Names that no slot answers to: (what, name, names there are)."""
        facts = problem.scenario
        for what, wanted, column, table in (
            ("employer", self.employers, "employer_id", "employers"),
            ("county", self.counties, "county_fips", ""),
            ("center", self.centers, "center_id", "centers"),
            ("funding stream", self.funding_streams, "funding_stream", ""),
        ):
            known = tuple(facts.ids(table)) if table and facts.has(table) else facts.coded("slots", column).values
            yield from ((what, name, known) for name in wanted if name not in known)
        yield from (("staff member", name, tuple(facts.ids("staff"))) for name in self.staff if facts.position("staff", name) < 0)
        yield from (("slot", name, ()) for name in self.slots if facts.position("slots", name) < 0)
        naics = facts.coded("employers", "naics").values
        yield from (("sector", name, naics) for name in self.sectors if not any(_in_sector(code, name) for code in naics))
        soc = facts.coded("slots", "onet_soc").values
        yield from (("occupation", name, soc) for name in self.occupations if not any(code.startswith(name) for code in soc))

    def describe(self) -> str:
        """In words: `all slots`, `sector 62 in county 41051`."""
        if self.everything:
            return "all slots"
        words = {name: "staff member" if name == "staff" else word.replace("_", " ") for word, name in {**_SINGULAR, "staff": "staff"}.items()}
        parts = [f"{words[name]} {' or '.join(getattr(self, name))}" for name in type(self).model_fields if getattr(self, name)]
        return " in ".join(parts)


_DEFINED_BY = {"partner": "partners", "employer": "employers", "center": "centers", "staff member": "staff"}


def unknown_names(rule: Rule, problem: Problem, group: Beneficiaries | Scope, field: str) -> Iterator[Fault]:
    """Faults of a rule's parameter for each name that nothing in the scenario answers to.

    An error where a table says which names there are; a warning where names are only met in use (a population that nobody
    holds tonight, a county without an order), because a policy must survive a quiet night.
    """
    for what, name, known in group.unknown(problem):
        defined = what == "tier" or problem.scenario.has(_DEFINED_BY.get(what, "-"))
        code, severity = f"unknown_{what.replace(' ', '_')}", "error" if defined else "warning"
        message = f"There is no {what} {name}." if defined else f"Nothing in the tables has {what} {name}."
        close = get_close_matches(name, known, 1)
        hint = f"Did you mean {close[0]}? " if close else ""
        more = f" and {len(known) - 10} more" if len(known) > 10 else ""
        listed = f"Known: {', '.join(known[:10])}{more}." if known else ""
        yield rule.fault(code, message, (hint + listed).strip(), field=field, value=name, severity=severity)


def _in_sector(naics: str, sector: str) -> bool:
    """Whether a NAICS code lies in a sector: a prefix (`62`, `3345`) or a range of two-digit sectors (`31-33`)."""
    first, dash, last = sector.partition("-")
    if dash and first.isdigit() and last.isdigit():
        return naics[:2].isdigit() and int(first) <= int(naics[:2]) <= int(last)
    return naics.startswith(sector)
