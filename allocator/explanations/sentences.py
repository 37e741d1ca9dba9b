"""Every sentence of an explanation, from its code and numbers. Two registers: `internal` for staff, `seeker` for the person concerned, in two languages.

A template is a few pieces; a piece whose numbers are not there is left out, and one that begins with `?name ` is said where that number is there. What is
said to a seeker names no other person, group, rule or score: only the kind of thing that decided, and their own facts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

Register = Literal["internal", "seeker"]
Language = Literal["en", "es"]
Numbers = Mapping[str, Any]

SEEKER_FACTS = ("slot", "score", "components", "open_slot", "options", "slots", "refusing", "undecided")
"""Numbers that a seeker may see: their own."""
MOST_NAMED = 4
"""Things of one kind that a sentence names before it counts the rest."""

INTERNAL: dict[str, tuple[str, ...]] = {
    # -- seekers
    "placed": (
        "{seeker} is placed at {slot} with {score} points.",
        "Components: {components}.",
        "At their limit and paid for: {paid}.",
        "The nearest alternative is {next}: moving there costs {next_cost}.",
        "?next_open {next} may be as good: ask with --why-not.",
        "?next_equal {next} would be equally good.",
        "?no_other No other slot admits them.",
    ),
    "refused": ("No slot admits {seeker}: {refused}.",),
    "no_pair": ("The scenario's pairs hold none for {seeker}.",),
    "outbid": (
        "{seeker} is outbid: every slot that admits them is full ({options}).",
        "The nearest is {nearest}, held by {holders}.",
        "Placing {seeker} costs {cost}.",
        "The cheapest direct swap, {swap}.",
        "?undecided Whether a plan as good could include them was not settled in the time given.",
        "?capped The cap of pairs left out {capped} more slots.",
    ),
    "blocked_row": (
        "{seeker} could take an opening at {open_slot}, but {row} is at its limit.",
        "Placing {seeker} anywhere costs {cost}.",
        "The cheapest direct swap, {swap}.",
        "?undecided Whether a plan as good could include them was not settled in the time given.",
    ),
    "blocked_impossible": ("No plan that keeps every rule can place {seeker}.", "In the way: {rows}."),
    "blocked_goal": (
        "{open_slot} has an opening for {seeker}, but filling it so would make the plan worse.",
        "Placing {seeker} costs {cost}.",
        "The cheapest direct swap, {swap}.",
        "?undecided Whether a plan as good could include them was not settled in the time given.",
    ),
    "tie_equal": ("A plan with {seeker} at {nearest} is equally good in every goal; which of the two it is was not decided by any goal.",),
    "tie_lottery": ("A plan with {seeker} at {nearest} is equally good in every goal but the lottery, which decided by {cost}.",),
    "not_worse": ("A plan with {seeker} at {nearest} is no worse than this one, which was not proved best.",),
    "kept_goal": ("{seeker} could be placed at {nearest} at no cost but to stability: {cost}.",),
    "kept_rows": ("{seeker} is not placed because others keep what they have: without {keeping}, the best plan has them at {nearest}.",),
    # -- why not this slot
    "why_not_holds": ("{seeker} does hold {slot}.",),
    "why_not_refused": ("{seeker} cannot take {slot}: {reasons}",),
    "why_not_unlisted": ("{seeker} cannot take {slot}: the scenario's pairs do not have the two together.",),
    "why_not_cut": ("{seeker} at {slot} was not looked at: the policy's cap of pairs per seeker left it out.",),
    "why_not_ended": ("{seeker} cannot take {slot}: the two have been together, and it has ended.",),
    "why_not_impossible": ("{seeker} at {slot} is impossible: no plan with it keeps every rule.", "The least that would have to give way: {rows}."),
    "why_not_costs": ("{seeker} at {slot} costs {cost}.", "It moves {moves}."),
    "why_not_equal": ("{seeker} at {slot} is equally good.", "It moves {moves}."),
    "why_not_better": ("{seeker} at {slot} is no worse, perhaps better: this result was not proved best.", "It moves {moves}."),
    "why_not_lottery": ("{seeker} at {slot} is equally good but for the lottery, which decided by {cost}.", "It moves {moves}."),
    "why_not_kept": ("{seeker} at {slot} costs nothing but stability: {cost}.", "It moves {moves}."),
    "why_not_kept_rows": ("{seeker} at {slot} would take somebody out of what they keep: {rows}.",),
    "why_not_open": ("Whether {seeker} at {slot} would be as good was not settled in the time given; it costs {cost} at most.",),
    "why_not_unsettled": ("Whether {seeker} at {slot} would be as good was not settled in the time given.",),
    # -- slots
    "slot_full": ("{slot} is full: {holders}.", "{waiting} more would be eligible and hold no slot."),
    "slot_closed": ("{slot} has no openings.",),
    "slot_refuses": ("{slot} has {open} open: it admits nobody ({refused}).",),
    "slot_no_pair": ("{slot} has {open} open: the scenario's pairs hold none for it.",),
    "slot_blocked": ("{slot} has {open} open: {waiting} without a slot could take it, but {row} is at its limit.",),
    "slot_all_placed": ("{slot} has {open} open: all {eligible} whom it admits hold other slots.", "Moving the nearest of them here costs {cost}."),
    "slot_goal": ("{slot} has {open} open: {waiting} without a slot could take it, but every plan that fills it so is worse.", "It costs {cost}."),
    "slot_undecided": ("{slot} has {open} open: {waiting} could take it; whether a plan as good fills it was not settled in the time given.",),
    "slot_equal": ("{slot} has {open} open: filling it with {nearest} would be equally good.",),
    "slot_lottery": ("{slot} has {open} open: filling it with {nearest} would be equally good but for the lottery.",),
    # -- rules
    "rule_kept": ("{rule} is kept: {achieved}, {asks}, with {room} to spare.", "{more_less}"),
    "rule_binding": ("{rule} is at its limit: {achieved}, {asks}.", "{more_less}"),
    "rule_short": ("{rule} is short: {achieved}, {asks}.", "{more_less}"),
    # -- fixes
    "fix_eligible": ("{mends} would make {seeker} eligible for {slot}.",),
    "fix_rows": ("{giving} would admit {seeker} at {slot}.",),
    "fix_promise": ("{giving} would admit {seeker} at {slot}.",),
}

SEEKER: dict[Language, dict[str, tuple[str, ...]]] = {
    "en": {
        "placed": ("You have a place at {slot}.", "It matches you with {score} of 100 points."),
        "refused": ("No opening fits you yet: {refusing}.",),
        "no_pair": ("You have not been matched with any opening yet.",),
        "outbid": ("Every opening that fits you is taken in this round ({options}).",),
        "blocked_row": ("There is an opening that fits you at {open_slot}, but {row_kind} is used up in this round.",),
        "blocked_impossible": ("The program's rules leave no place for you in this round.",),
        "blocked_goal": ("There is an opening that fits you at {open_slot}, but the program's order of goals leaves it open in this round.",),
        "tie_equal": ("You came very close: placing you would have been just as good.",),
        "tie_lottery": ("You came very close: chance decided between equals.",),
        "not_worse": ("You came very close: placing you may have been just as good.",),
        "kept_goal": ("You could not be placed because earlier offers are being kept.",),
        "kept_rows": ("You could not be placed because earlier offers are being kept.",),
        "why_not_holds": ("You have this place.",),
        "why_not_refused": ("{slot} is not open to you yet: {refusing}.",),
        "why_not_unlisted": ("You have not been matched with {slot}.",),
        "why_not_cut": ("{slot} is not among your best matches.",),
        "why_not_ended": ("You and {slot} have already tried each other.",),
        "why_not_impossible": ("The program's rules leave no way to give you {slot} in this round: {row_kind} is in the way.",),
        "why_not_costs": ("{slot} went another way, because of {goal_kind}.",),
        "why_not_equal": ("{slot} would have been just as good; nothing but the order of calculation decided.",),
        "why_not_better": ("{slot} may have been just as good.",),
        "why_not_lottery": ("{slot} would have been just as good; chance decided.",),
        "why_not_kept": ("{slot} went another way, because earlier offers are being kept.",),
        "why_not_kept_rows": ("{slot} went another way, because earlier offers are being kept.",),
        "why_not_open": ("We could not settle whether {slot} would have been just as good.",),
        "why_not_unsettled": ("We could not settle whether {slot} would have been just as good.",),
        "fix_eligible": ("{mends} would open {slot} to you.",),
        "fix_rows": ("{giving} would make a place for you at {slot}.",),
        "fix_promise": ("{giving} would make a place for you at {slot}.",),
    },
    "es": {
        "placed": ("Usted tiene un puesto en {slot}.", "Le corresponde con {score} de 100 puntos."),
        "refused": ("Ninguna vacante se ajusta a usted todavía: {refusing}.",),
        "no_pair": ("Todavía no se le ha emparejado con ninguna vacante.",),
        "outbid": ("Todas las vacantes que se ajustan a usted están ocupadas en esta ronda ({options}).",),
        "blocked_row": ("Hay una vacante adecuada para usted en {open_slot}, pero en esta ronda se ha agotado {row_kind}.",),
        "blocked_impossible": ("Las reglas del programa no dejan lugar para usted en esta ronda.",),
        "blocked_goal": ("Hay una vacante adecuada para usted en {open_slot}, pero el orden de objetivos del programa la deja libre en esta ronda.",),
        "tie_equal": ("Estuvo muy cerca: darle un puesto habría sido igual de bueno.",),
        "tie_lottery": ("Estuvo muy cerca: el azar decidió entre iguales.",),
        "not_worse": ("Estuvo muy cerca: darle un puesto quizá habría sido igual de bueno.",),
        "kept_goal": ("No se le pudo dar un puesto porque se mantienen ofertas anteriores.",),
        "kept_rows": ("No se le pudo dar un puesto porque se mantienen ofertas anteriores.",),
        "why_not_holds": ("Usted tiene este puesto.",),
        "why_not_refused": ("{slot} todavía no está abierto para usted: {refusing}.",),
        "why_not_unlisted": ("No se le ha emparejado con {slot}.",),
        "why_not_cut": ("{slot} no está entre sus mejores opciones.",),
        "why_not_ended": ("Usted y {slot} ya lo intentaron.",),
        "why_not_impossible": ("Las reglas del programa no permiten darle {slot} en esta ronda: lo impide {row_kind}.",),
        "why_not_costs": ("{slot} se decidió de otra manera, por {goal_kind}.",),
        "why_not_equal": ("{slot} habría sido igual de bueno; solo decidió el orden del cálculo.",),
        "why_not_better": ("{slot} quizá habría sido igual de bueno.",),
        "why_not_lottery": ("{slot} habría sido igual de bueno; decidió el azar.",),
        "why_not_kept": ("{slot} se decidió de otra manera, porque se mantienen ofertas anteriores.",),
        "why_not_kept_rows": ("{slot} se decidió de otra manera, porque se mantienen ofertas anteriores.",),
        "why_not_open": ("No pudimos determinar si {slot} habría sido igual de bueno.",),
        "why_not_unsettled": ("No pudimos determinar si {slot} habría sido igual de bueno.",),
        "fix_eligible": ("{mends}: con eso {slot} quedaría abierto para usted.",),
        "fix_rows": ("{giving}: con eso habría un lugar para usted en {slot}.",),
        "fix_promise": ("{giving}: con eso habría un lugar para usted en {slot}.",),
    },
}

KINDS: dict[Language, dict[str, str]] = {
    "en": {
        "slot_openings": "the number of openings", "staff_capacity": "staff time", "budget": "money", "employer_limit": "the employer's room for trainees",
        "reservation": "room beside promised places", "reverse_referral_cap": "room for people named by employers", "business_target": "the plan for this kind of job",
        "change_limit": "room for changes", "pins": "a decision by staff", "commitments": "a commitment already made", "shortfall": "promises of places",
        "priority_of_service": "the order of priority that the law sets", "placements": "the number of people placed", "match_quality": "the best overall match",
        "stability": "keeping earlier offers", "lottery": "chance", "": "a rule of the program",
    },
    "es": {
        "slot_openings": "el número de vacantes", "staff_capacity": "el tiempo del personal", "budget": "el dinero",
        "employer_limit": "el cupo de aprendices del empleador", "reservation": "el lugar junto a los puestos prometidos",
        "reverse_referral_cap": "el cupo de personas propuestas por empleadores", "business_target": "el plan para este tipo de trabajo",
        "change_limit": "el margen de cambios", "pins": "una decisión del personal", "commitments": "un compromiso ya hecho", "shortfall": "promesas de puestos",
        "priority_of_service": "el orden de prioridad que fija la ley", "placements": "el número de personas colocadas", "match_quality": "la mejor correspondencia en conjunto",
        "stability": "el respeto de ofertas anteriores", "lottery": "el azar", "": "una regla del programa",
    },
}  # fmt: skip

REFUSING: dict[Language, dict[str, str]] = {
    "en": {
        "in_pool": "you are not active in the program", "workshop": "the OJT workshop is missing or too long ago", "consent": "your consent to referral is missing or has ended",
        "dates": "openings have passed their dates", "funding_stream": "funding does not fit", "commute": "the way is too long", "wage_floor": "the pay is below what you asked for",
        "schedule": "the hours do not fit", "credentials": "a credential is missing", "language": "a language is missing", "prior_employer": "you worked for the employer before",
        "training_need": "you have done this work already", "reverse_referral": "the employer named somebody", "reserved_hold": "places are held back", "": "the employer or the opening is not ready",
    },
    "es": {
        "in_pool": "no está activo en el programa", "workshop": "falta el taller OJT o fue hace demasiado", "consent": "falta su consentimiento o ha terminado",
        "dates": "las fechas de las vacantes han pasado", "funding_stream": "la financiación no corresponde", "commute": "el camino es demasiado largo",
        "wage_floor": "la paga es menor de lo que pidió", "schedule": "el horario no corresponde", "credentials": "falta una credencial", "language": "falta un idioma",
        "prior_employer": "ya trabajó para el empleador", "training_need": "ya ha hecho este trabajo", "reverse_referral": "el empleador propuso a alguien",
        "reserved_hold": "hay puestos retenidos", "": "el empleador o la vacante no están listos",
    },
}  # fmt: skip

MENDS: dict[Language, dict[str, str]] = {
    "en": {
        "workshop": "the OJT workshop completed", "in_pool": "being active in the pool", "consent": "consent to referral", "credentials": "the credential {what}",
        "language": "the language {what}", "wage_floor": "accepting ${what} an hour", "commute": "travelling {what} minutes", "schedule": "{what}",
        "funding_stream": "eligibility for {what} funding", "shift": "the {what} shift", "hours": "{what} hours a week",
    },
    "es": {
        "workshop": "el taller OJT completado", "in_pool": "estar activo en el programa", "consent": "su consentimiento", "credentials": "la credencial {what}",
        "language": "el idioma {what}", "wage_floor": "aceptar ${what} por hora", "commute": "viajar {what} minutos", "schedule": "{what}",
        "funding_stream": "el derecho a fondos {what}", "shift": "el turno {what}", "hours": "{what} horas por semana",
    },
}  # fmt: skip

WORDS: dict[Language, dict[str, str]] = {"en": {"and": "and", "more": "more"}, "es": {"and": "y", "more": "más de"}}


def said(code: str, numbers: Numbers, register: Register = "internal", language: Language = "en") -> str:
    """The sentence of a code with its numbers."""
    templates = INTERNAL if register == "internal" else SEEKER[language]
    spoken = _Spoken(numbers, register, language)
    pieces = (_filled(piece, spoken) for piece in templates[code])
    text = " ".join(piece for piece in pieces if piece)
    return text[:1].upper() + text[1:]


def _filled(piece: str, spoken: _Spoken) -> str:
    if piece.startswith("?"):
        condition, piece = piece[1:].split(" ", 1)
        if not spoken.numbers.get(condition):
            return ""
    words = {name: spoken.word(name) for name in re.findall(r"\{(\w+)\}", piece)}
    return "" if any(word is None for word in words.values()) else piece.format(**words)


class _Spoken:
    """Numbers as words."""

    def __init__(self, numbers: Numbers, register: Register, language: Language) -> None:
        self.numbers, self.register, self.language = numbers, register, language

    def word(self, name: str) -> str | None:
        """One number as words; None where it is not there."""
        value = self._kind_of(name) if name.endswith("_kind") else self.numbers.get(name)
        if value is None or value == [] or value == {}:
            return None
        say: Callable[[Any], str] | None = getattr(self, f"_{name}", None)
        if say is not None:
            return say(value)
        if name in ("cost", "next_cost"):
            return amount(value)
        if name == "row":
            return str(value["name"])
        return _plain(value)

    def _kind_of(self, name: str) -> str | None:
        """What kind of thing decided, for somebody who is to hear no more."""
        source = {"row_kind": "row", "goal_kind": "cost"}[name]
        value = self.numbers.get(source) or next(iter(self.numbers.get("rows") or []), None)
        kinds = KINDS[self.language]
        return kinds.get(str(value.get("kind", "")), kinds[""]) if value else kinds[""]

    def _components(self, value: Mapping[str, float | None]) -> str:
        return ", ".join(f"{name} {_plain(part)}" for name, part in value.items() if part is not None)

    def _paid(self, value: Sequence[Mapping[str, Any]]) -> str:
        return _listed([f"{row['name']} ({amount(row['price'])})" if row.get("price") else str(row["name"]) for row in value])

    def _rows(self, value: Sequence[Mapping[str, Any]]) -> str:
        return _listed([str(row["name"]) for row in value])

    def _refused(self, value: Mapping[str, int]) -> str:
        return ", ".join(f"{rule} refuses {count:,}" for rule, count in sorted(value.items(), key=lambda item: (-item[1], item[0])))

    def _refusing(self, value: Sequence[str]) -> str:
        words = REFUSING[self.language]
        return "; ".join(dict.fromkeys(words.get(kind, words[""]) for kind in value))

    def _reasons(self, value: Sequence[str]) -> str:
        return " ".join(value)

    def _options(self, value: int) -> str:
        if self.language == "es":
            return f"{value} vacante{'' if value == 1 else 's'}"
        return f"{value:,} slot{'' if value == 1 else 's'}" if self.register == "internal" else f"{value:,} opening{'' if value == 1 else 's'}"

    def _open(self, value: int) -> str:
        return f"{value} opening{'' if value == 1 else 's'}"

    def _waiting(self, value: int) -> str | None:
        return None if not value else f"{value:,} {'person' if value == 1 else 'people'}"

    def _eligible(self, value: int) -> str:
        return f"{value:,} {'person' if value == 1 else 'people'}"

    def _holders(self, value: Sequence[Mapping[str, Any]]) -> str:
        return _listed([f"{one['seeker_id']} ({_plain(one['score'])} points, tier {one['tier']})" for one in value])

    def _swap(self, value: Mapping[str, Any]) -> str:
        whose = f"taking {value['slot']} instead of {value['instead_of']}" if value["instead_of"] else f"taking the opening at {value['slot']}"
        return f"{whose}, costs {amount(value['cost'])}" if value["cost"] else f"{whose}, costs nothing"

    def _moves(self, value: Sequence[Mapping[str, Any]]) -> str:
        return _listed([f"{one['seeker_id']} from {one['from'] or 'no slot'} to {one['to'] or 'no slot'}" for one in value])

    def _keeping(self, value: Sequence[str]) -> str:
        return _listed(list(value))

    def _mends(self, value: Sequence[Mapping[str, str]]) -> str:
        words = MENDS[self.language]
        return _joined([words[str(mend["kind"])].format(what=mend.get("what", "")) for mend in value], WORDS[self.language]["and"])

    def _giving(self, value: Sequence[Mapping[str, Any]]) -> str:
        if self.register == "seeker":
            words, more = KINDS[self.language], WORDS[self.language]["more"]
            return _joined([f"{more} {words.get(str(row['kind']), words[''])}" for row in value], WORDS[self.language]["and"])
        return _joined([_giving_way(row) for row in value], "and")

    def _more_less(self, value: Mapping[str, Any]) -> str:
        parts = [f"one {side} {_effect(value[side])}" for side in ("more", "less") if value.get(side)]
        text = "; ".join(parts)
        return f"{text[:1].upper()}{text[1:]}." if text else ""


def amount(value: Mapping[str, Any]) -> str:
    """What is lost in a goal, in its own words: `{kind, label, unit, least, most, first}`."""
    least, most = value["least"], value["most"]
    count = _between(least, most)
    one = least == most == 1
    kind, label = value["kind"], value["label"]
    what = {
        "shortfall": "in promised seats short (weighted)",
        "priority_of_service": f"{'person' if one else 'people'} of {label} placed",
        "placements": f"{'person' if one else 'people'} placed",
        "match_quality": f"{'point' if one else 'points'} of match quality",
        "stability": f"{'person' if one else 'people'} kept in place",
        "lottery": "lots",
    }.get(kind, f"{value['unit']} of {label}")
    rest = "" if value.get("first", True) else ", or something of a goal before it"
    return f"{count} {what}{rest}"


def _between(least: float, most: float | None) -> str:
    if least == most:
        return _plain(least)
    if most is None:
        return f"at least {_plain(least)}"
    return f"{_plain(least)} to {_plain(most)}" if least else f"at most {_plain(most)}"


def _effect(value: Mapping[str, Any]) -> str:
    telling = value["telling"]
    if telling == "equal":
        return "changes nothing"
    if telling == "impossible":
        return "leaves no plan"
    if telling == "open":
        return f"was not settled in time (it concerns {value['label']})" if value.get("label") else "was not settled in time"
    if telling == "price":
        return f"is worth about {_plain(value['price'])} in {value['label']}, by the linear relaxation"
    return f"{'costs' if telling == 'worse' else 'brings'} {amount(value)}"


def _giving_way(row: Mapping[str, Any]) -> str:
    """A row that gives way, as something that one could do."""
    kind, by, name = row["kind"], int(row["by"]), str(row["name"])
    many = "" if by == 1 else "s"
    count = "one" if by == 1 else f"{by:,}"
    if kind == "slot_openings":
        return f"{count} more opening{many} at {row['key']}"
    if kind == "staff_capacity":
        return f"{count} more point{many} of staff capacity for {row['key']}"
    if kind == "budget":
        return f"${by / 100:,.2f} more of {row['label']}"
    if kind == "employer_limit":
        return f"room for {count} more trainee{many} at {row['key']}"
    if kind == "reverse_referral_cap":
        return f"{count} more reverse referral{many}"
    if kind == "change_limit":
        return f"{count} more {'person' if by == 1 else 'people'} who may move"
    if kind in ("pins", "commitments"):
        return f"lifting {row['key']}"
    if row.get("share_then"):
        return f"a promise of {row['share_then']} instead of {row['share_now']} for {row['label']} ({row['then']:,} instead of {row['now']:,} seats)"
    if "then" in row:
        return f"{row['then']:,} instead of {row['now']:,} for {name}"
    return f"{name} giving way by {by:,}"


def _plain(value: Any) -> str:
    """Whole numbers with separators, others with up to two decimals."""
    if isinstance(value, float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _listed(items: Sequence[str]) -> str:
    """The first few, and how many more."""
    return ", ".join(items[:MOST_NAMED]) + (f" and {len(items) - MOST_NAMED:,} more" if len(items) > MOST_NAMED else "")


def _joined(items: Sequence[str], word: str) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"
