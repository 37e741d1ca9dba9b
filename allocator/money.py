"""What assignments obligate, whoever pays."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from allocator.constraints.budget import Budget
from allocator.plan import Plan
from allocator.scenario import Integers


def obligations(plan: Plan) -> Integers:
    """Cents that each assignment of a plan obligates, in the plan's order; -1 where wage or training hours are not recorded.

    The first budget of the policy that pays for the slot says how much (its wage cap and contract maximum hold); where none does, the whole
    rate x wage x hours counts. The pair's own `cost_cents` takes the place of both.
    """
    cents = Budget(available=Decimal(0)).obligations(plan)
    for rule in reversed(plan.problem.policy.constraints):
        if isinstance(rule, Budget):
            cents = np.where(rule.pays(plan), rule.obligations(plan), cents)
    return cents
