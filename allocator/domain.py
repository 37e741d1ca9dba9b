"""The tables: their columns, units, codes and accepted spellings. One model a table; `docs/data.md` is generated from here.

Only ids are compulsory (and `slots.openings`). Every other column may be absent: its default is stated, and
"unknown" is `None`, never zero. There are no names, no birth dates and no social security numbers here, on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any, ClassVar, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

Text = str | None
Codes = tuple[str, ...]
Flag = bool | None
Day = date | None
Whole = int | None
Number = float | None

Kind = Literal["id", "text", "codes", "flag", "day", "whole", "number"]
"""How a column is held. `id`: text that must be there; `codes`: a list, written `a;b;c`; `flag`: yes, no or unknown;
`whole`: an integer; `number`: a decimal."""


def column(
    about: str,
    *,
    default: Any = None,
    aliases: tuple[str, ...] = (),
    unit: str = "",
    ref: str = "",
    among: tuple[str, ...] = (),
    least: float | None = None,
    most: float | None = None,
) -> Any:
    """A column that may be absent: what it means, what stands in for it, and what values it may hold.

    `ref` names the table whose key it points to (checked only when that table is given); `among` the codes it may
    hold; `least` and `most` its range, both ends included.
    """
    extra: Any = {"aliases": aliases, "unit": unit, "ref": ref, "among": among, "least": least, "most": most}
    return Field(default, description=about, json_schema_extra=extra)


def required(
    about: str,
    *,
    aliases: tuple[str, ...] = (),
    unit: str = "",
    ref: str = "",
    among: tuple[str, ...] = (),
    least: float | None = None,
    most: float | None = None,
) -> Any:
    """A compulsory column."""
    extra: Any = {"aliases": aliases, "unit": unit, "ref": ref, "among": among, "least": least, "most": most}
    return Field(description=about, json_schema_extra=extra)


class Row(BaseModel):
    """One record of a table."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    table: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]

    @classmethod
    @cache
    def columns(cls) -> Mapping[str, Column]:
        """The table's columns by name, in order."""
        return {name: Column(name, info) for name, info in cls.model_fields.items()}


class Column:
    """What the model says of one column, in a form that readers, writers and documents share."""

    def __init__(self, name: str, info: FieldInfo) -> None:
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        self.name = name
        self.about: str = info.description or ""
        self.required: bool = info.is_required()
        self.default: Any = None if self.required else info.default
        self.aliases: tuple[str, ...] = tuple(extra.get("aliases") or ())  # type: ignore[arg-type]
        self.unit = str(extra.get("unit") or "")
        self.ref = str(extra.get("ref") or "")
        self.among: tuple[str, ...] = tuple(extra.get("among") or ())  # type: ignore[arg-type]
        self.least: float | None = extra.get("least")  # type: ignore[assignment]
        self.most: float | None = extra.get("most")  # type: ignore[assignment]
        self.kind: Kind = _kind(info.annotation)


def _kind(annotation: Any) -> Kind:
    if annotation is str:
        return "id"
    if annotation == Codes:
        return "codes"
    members = get_args(annotation) or (annotation,)
    for kind, python_type in (("flag", bool), ("day", date), ("whole", int), ("number", float)):
        if python_type in members:
            return kind  # type: ignore[return-value]
    return "text"


COMMITMENT_STATUSES = ("proposed", "referred", "offered", "accepted", "started", "declined", "completed")
ORIGINS = ("business_first", "seeker_first", "reverse_referral")
SHIFTS = ("day", "evening", "night", "weekend", "rotating", "any")
STAFF_ROLES = ("career_coach", "liaison", "business_services", "job_developer")


class Seeker(Row):
    """A person looking for work who may be trained on the job."""

    table: ClassVar[str] = "seekers"
    keys: ClassVar[tuple[str, ...]] = ("seeker_id",)

    seeker_id: str = required(
        "Pseudonymous id of the job seeker; must not be a social security number.",
        aliases=("participant_id", "individual_id", "pirl_100", "100", "customer_id"),
    )
    partner_id: Text = column("Partner organization that serves the seeker.", ref="partners", aliases=("partner", "agency_id", "provider_id"))
    center_id: Text = column("WorkSource center the seeker belongs to.", ref="centers", aliases=("center", "office_id"))
    staff_id: Text = column("The seeker's career coach.", ref="staff", aliases=("coach_id", "case_manager_id"))
    county_fips: Text = column("County of residence, five-digit FIPS code.", aliases=("county", "pirl_102", "102"))
    zip: Text = column("Postal code of residence, for commute minutes.", aliases=("zip_code", "postal_code", "pirl_103", "103"))
    populations: Codes = column(
        "Target populations, as codes (for example homeless;ex_offender;single_parent).", default=(), aliases=("target_populations", "barriers")
    )
    veteran: Flag = column("Veteran or eligible spouse.", aliases=("eligible_veteran", "is_eligible_veteran", "pirl_301", "301", "veteran_status"))
    public_assistance: Flag = column("Receives TANF, SNAP, SSI or other public assistance.", aliases=("pirl_600", "600", "receives_public_assistance"))
    low_income: Flag = column(
        "Low income at program entry.",
        aliases=("pirl_802", "802", "low_income_status", "802_low_income_status_at_program_entry_wioa", "meets_definition_of_low_income"),
    )
    basic_skills_deficient: Flag = column("Basic skills deficient.", aliases=("pirl_804", "804", "basic_skills", "foundational_skill_needs"))
    funding_streams: Codes = column("Funding streams the seeker is eligible for; empty means not recorded.", default=(), aliases=("funding", "programs"))
    ojt_workshop_date: Day = column("Day the OJT workshop was completed.", aliases=("workshop_date", "workshop_completed"))
    career_map_soc: Codes = column(
        "Occupations on the seeker's career map, O*NET-SOC codes, most wanted first.", default=(), aliases=("career_map", "target_soc")
    )
    last_soc: Text = column("Occupation of the last job, O*NET-SOC code.", aliases=("pirl_403", "403", "last_occupation"))
    months_experience: Whole = column("Months of experience in `last_soc`.", unit="months", least=0, most=900, aliases=("months_experience_in_soc",))
    prior_employer_ids: Codes = column("Employers the seeker has worked for.", default=(), aliases=("prior_employers",))
    skills: Codes = column("Skills held, as codes.", default=())
    credentials: Codes = column("Licences and credentials held, as codes.", default=(), aliases=("certifications", "licenses"))
    languages: Codes = column("Languages spoken, ISO 639 codes; empty means not recorded.", default=(), aliases=("language",))
    shifts: Codes = column("Shifts the seeker can work; empty means not recorded.", default=(), among=SHIFTS, aliases=("shift_pref", "shift_preference"))
    hours_available: Number = column("Hours a week the seeker can work.", unit="hours a week", least=0, most=168)
    wage_floor: Number = column("Lowest acceptable wage.", unit="dollars an hour", least=0, most=1000, aliases=("minimum_wage", "min_wage"))
    max_commute_min: Whole = column("Longest acceptable commute.", unit="minutes", least=0, most=600, aliases=("max_commute",))
    pool_entry_date: Day = column("Day the seeker entered the pool.", aliases=("entry_date", "pirl_900", "900", "date_of_program_entry"))
    consent_until: Day = column("Last day the consent to referral is in force.", aliases=("consent_expires",))
    status: Text = column("Whether the seeker is in the pool: active, or the reason why not.", default="active", aliases=("pool_status",))


class Slot(Row):
    """A job order: an employer's request for one or more trainees in one occupation."""

    table: ClassVar[str] = "slots"
    keys: ClassVar[tuple[str, ...]] = ("slot_id",)

    slot_id: str = required("Id of the job order.", aliases=("job_order_id", "order_id"))
    openings: int = required("Number of trainees wanted.", aliases=("total_job_openings", "positions", "num_openings"), unit="people", least=0, most=1_000_000)
    employer_id: Text = column("Employer that hires and trains.", ref="employers", aliases=("employer", "company_id"))
    onet_soc: Text = column("Occupation, O*NET-SOC code.", aliases=("soc", "soc_code", "occupational_category", "pirl_1306", "1306"))
    wage: Number = column("Hourly wage.", unit="dollars an hour", least=0, most=1000, aliases=("hourly_wage", "base_salary"))
    hours_per_week: Number = column("Hours a week.", unit="hours a week", least=0, most=168, aliases=("weekly_hours",))
    shift: Text = column("Shift worked.", among=SHIFTS)
    county_fips: Text = column("County of the work site, five-digit FIPS code.", aliases=("county",))
    zip: Text = column("Postal code of the work site.", aliases=("site_zip", "zip_code", "postal_code"))
    center_id: Text = column("WorkSource center that holds the order.", ref="centers", aliases=("center", "office_id"))
    staff_id: Text = column(
        "Business services representative of this order; the employer's where absent.", ref="staff", aliases=("bsr_id", "representative_id")
    )
    required_credentials: Codes = column("Credentials a trainee must hold, as codes.", default=(), aliases=("credentials_required", "requirements"))
    required_languages: Codes = column("Languages a trainee must speak, ISO 639 codes.", default=(), aliases=("languages_required",))
    skills: Codes = column("Skills the job uses, as codes.", default=())
    training_hours: Whole = column("Planned training hours.", unit="hours", least=0, most=4000, aliases=("ojt_hours", "total_training_hours"))
    reimbursement_rate: Number = column("Share of the wage that is paid back.", default=0.5, unit="share", least=0, most=1, aliases=("rate",))
    funding_stream: Text = column("Funding stream that pays.", aliases=("funding", "fund"))
    posted_date: Day = column("Day the order was posted.", aliases=("date_posted", "posted"))
    fill_by: Day = column("Last day the order can be filled.", aliases=("valid_through", "closing_date"))
    start_date: Day = column("First day of training.", aliases=("job_start_date",))
    origin: Text = column("How the order came about.", default="business_first", among=ORIGINS)
    designated_seeker_id: Text = column("Seeker named by the employer (reverse referral).", ref="seekers", aliases=("designated_seeker",))


class Employer(Row):
    """A firm that hires and trains."""

    table: ClassVar[str] = "employers"
    keys: ClassVar[tuple[str, ...]] = ("employer_id",)

    employer_id: str = required("Id of the employer.", aliases=("company_id",))
    naics: Text = column("Industry, NAICS 2022 code of two to six digits.", aliases=("naics_code", "industry"))
    employees_at_site: Whole = column("Employees at the training site.", unit="people", least=0, most=10_000_000, aliases=("employees", "employer_size"))
    county_fips: Text = column("County, five-digit FIPS code.", aliases=("county",))
    staff_id: Text = column("Business services representative who owns the account.", ref="staff", aliases=("bsr_id",))
    active_ojts: Whole = column("Trainees already in training here.", default=0, unit="people", least=0, most=1_000_000)
    pattern_of_failure: Flag = column("Has repeatedly failed to keep trainees as regular employees.")
    pattern_of_failure_until: Day = column("Last day the pattern of failure bars the employer; open-ended where absent.")
    layoff_soc: Codes = column("Occupations with people on layoff, O*NET-SOC codes.", default=(), aliases=("recent_layoff_soc",))
    layoff_date: Day = column("Day of that layoff; treated as recent where absent.")
    relocated_on: Day = column("Day operations began after a relocation that cost jobs elsewhere.", aliases=("relocation_date",))
    union_concurrence_required: Flag = column("A collective bargaining agreement requires the union's written concurrence.")
    union_concurrence_date: Day = column("Day of the union's written concurrence.", aliases=("union_concurrence",))


class Partner(Row):
    """An organization whose customers the reservations are for."""

    table: ClassVar[str] = "partners"
    keys: ClassVar[tuple[str, ...]] = ("partner_id",)

    partner_id: str = required("Id of the partner organization.", aliases=("agency_id",))
    name: Text = column("Name of the organization.", aliases=("partner_name", "organization_name"))
    partner_type: Text = column("Kind of organization (cbo, housing_authority, human_services, county_housing, ...).", aliases=("type",))


class Center(Row):
    """A WorkSource center."""

    table: ClassVar[str] = "centers"
    keys: ClassVar[tuple[str, ...]] = ("center_id",)

    center_id: str = required("Id of the center.", aliases=("office_id",))
    name: Text = column("Name of the center.", aliases=("center_name",))
    county_fips: Text = column("County, five-digit FIPS code.", aliases=("county",))
    center_type: Text = column("comprehensive or express.", default="comprehensive", among=("comprehensive", "express"), aliases=("type",))
    staff_id: Text = column("The center's liaison.", ref="staff", aliases=("liaison_id",))


class Staff(Row):
    """Somebody whose time limits how many people can be served."""

    table: ClassVar[str] = "staff"
    keys: ClassVar[tuple[str, ...]] = ("staff_id",)

    staff_id: str = required("Id of the staff member.", aliases=("employee_id",))
    role: Text = column("Role.", among=STAFF_ROLES)
    capacity: Whole = column("Points this person can carry; unlimited where absent.", unit="points", least=0, most=1_000_000_000, aliases=("capacity_points",))
    used: Whole = column("Points already carried.", default=0, unit="points", least=0, most=1_000_000_000, aliases=("used_points",))
    languages: Codes = column("Languages spoken, ISO 639 codes.", default=())
    populations: Codes = column("Populations served with expertise, as codes.", default=())
    centers: Codes = column("Centers served.", default=())


class PairRow(Row):
    """A pair and its score, brought along by a user who has a match system. Replaces the built-in pairs and scores."""

    table: ClassVar[str] = "pairs"
    keys: ClassVar[tuple[str, ...]] = ("seeker_id", "slot_id")

    seeker_id: str = required("Job seeker.", ref="seekers")
    slot_id: str = required("Slot.", ref="slots")
    score: float = required("Match quality, two decimals are kept.", aliases=("match_score", "quality"), unit="points", least=0, most=1e9)
    staff_points: Whole = column("Staff points this assignment uses; the rule's `points` where absent.", unit="points", least=0, most=1_000_000_000)
    cost_cents: Whole = column("Obligation of this assignment; computed from wage, hours and rate where absent.", unit="cents", least=0, most=10**15)


class Commitment(Row):
    """What has already been said or done about a pair."""

    table: ClassVar[str] = "commitments"
    keys: ClassVar[tuple[str, ...]] = ("seeker_id", "slot_id")

    seeker_id: str = required("Job seeker.", ref="seekers")
    slot_id: str = required("Slot.", ref="slots")
    status: str = required("How far it has come.", among=COMMITMENT_STATUSES)
    since: Day = column("Day it reached this status.")
    author: Text = column("Who recorded it.")
    reason: Text = column("Why.")


class Pin(Row):
    """A human decision about one pair."""

    table: ClassVar[str] = "pins"
    keys: ClassVar[tuple[str, ...]] = ("seeker_id", "slot_id")

    seeker_id: str = required("Job seeker.", ref="seekers")
    slot_id: str = required("Slot.", ref="slots")
    action: str = required("fix: this pair must be; forbid: it must not.", among=("fix", "forbid"))
    reason: Text = column("Why.")
    author: Text = column("Who decided.")
    expires: Day = column("Last day the pin is in force; for good where absent.")


class Reference(Row):
    """The assignment to compare with: last night's, usually."""

    table: ClassVar[str] = "reference"
    keys: ClassVar[tuple[str, ...]] = ("seeker_id",)

    seeker_id: str = required("Job seeker.")
    slot_id: str = required("Slot held in the reference.")


class Commute(Row):
    """Travel time between two postal codes."""

    table: ClassVar[str] = "commutes"
    keys: ClassVar[tuple[str, ...]] = ("from_zip", "to_zip")

    from_zip: str = required("Postal code of residence.")
    to_zip: str = required("Postal code of the work site.")
    minutes: int = required("Door to door.", unit="minutes", least=0, most=1440)


class Demographics(Row):
    """Protected characteristics. Read only by the equity report; no rule, goal or score can see this table."""

    table: ClassVar[str] = "demographics"
    keys: ClassVar[tuple[str, ...]] = ("seeker_id",)

    seeker_id: str = required("Job seeker.", ref="seekers")
    sex: Text = column("As recorded by the program.")
    race_ethnicity: Text = column("As recorded by the program.")
    age_band: Text = column("Band of ages, never a birth date.")
    disability: Flag = column("Has a disability.")


TABLES: dict[str, type[Row]] = {
    model.table: model for model in (Seeker, Slot, Employer, Partner, Center, Staff, PairRow, Commitment, Pin, Reference, Commute, Demographics)
}
PROTECTED = "demographics"

PERSONAL_HEADERS = frozenset(
    """
    ssn social_security social_security_number ss_number dob date_of_birth birth_date birthdate birthday pirl_200 200
    first_name last_name middle_name full_name seeker_name participant_name maiden_name surname given_name
    email email_address phone phone_number home_phone cell_phone street_address home_address mailing_address
    driver_license drivers_license passport_number alien_number
    """.split()
)
"""Headers of personal identifiers. A file that has one is refused: TEGL 39-11 asks that such data not travel."""
