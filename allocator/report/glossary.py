"""The words of a report, each in one line. They are those of docs/glossary.md."""

WORDS = {
    "seeker": "A person looking for work.",
    "slot": "A job order of an employer; it has one or more openings.",
    "opening": "One place in a slot. In a promise it is called a seat.",
    "pair": "A seeker and a slot that every rule of eligibility admits to each other.",
    "assignment": "A pair that was chosen: this person takes an opening of this slot.",
    "score": "How well a seeker and a slot fit, from 0 to 100 points; match quality is their sum over all assignments.",
    "goal": "What is better. Goals have an order: a later one never costs an earlier one anything.",
    "bound": "What no assignment can beat. Where the value equals its bound, it is proved to be the best.",
    "gap": "The distance between value and bound, as a share of the bound.",
    "reservation": "A promise of seats to some people, for instance a partner's customers, in some slots.",
    "mode": "How a promise is read, for instance as best effort, as a hard minimum, or as a cap.",
    "release": "A slot leaves a promise on a date; its seats are then open to the next in line.",
    "short": "Seats that are missing to a promise.",
    "target": "A number of people to be placed in some slots, for instance in a sector.",
    "tier": "A level of the statutory priority of service; tier 1 comes first.",
    "bend": "By how much a rule would have to give way where nothing fits.",
    "reference": "The assignments to compare with, for instance last night's.",
}
"""Term and what it means."""
