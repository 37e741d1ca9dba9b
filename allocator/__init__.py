"""Who gets which on-the-job-training slot: read a scenario, solve it under a policy, check and explain the answer.

scenario = read_scenario("scenarios/paper")
policy = read_policy("scenarios/paper/policy.toml")
result = solve(scenario, policy)
assert not check(scenario, result.policy, result.plan())
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from allocator.check import check
    from allocator.errors import AllocatorError, Fault, InputError, InternalError
    from allocator.layers import load_policy as read_policy
    from allocator.opened import Opened, open_result
    from allocator.policy import Policy
    from allocator.read import read_scenario
    from allocator.result import Result, write_result
    from allocator.scenario import Scenario
    from allocator.solve import solve
    from allocator.write import write_scenario

# Where each public name lives; imported on first use, because a solver takes longer to load than a help text to print.
_HOMES = {
    "AllocatorError": "errors",
    "Fault": "errors",
    "InputError": "errors",
    "InternalError": "errors",
    "Opened": "opened",
    "Policy": "policy",
    "Result": "result",
    "Scenario": "scenario",
    "check": "check",
    "open_result": "opened",
    "read_policy": "layers",
    "read_scenario": "read",
    "solve": "solve",
    "write_result": "result",
    "write_scenario": "write",
}

__all__ = [
    "AllocatorError",
    "Fault",
    "InputError",
    "InternalError",
    "Opened",
    "Policy",
    "Result",
    "Scenario",
    "check",
    "open_result",
    "read_policy",
    "read_scenario",
    "solve",
    "write_result",
    "write_scenario",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'allocator' has no attribute {name!r}")
    return getattr(import_module(f"allocator.{_HOMES[name]}"), {"read_policy": "load_policy"}.get(name, name))


def __dir__() -> list[str]:
    return __all__


class _Package(ModuleType):
    """Keeps `allocator.solve` the function although a file of that name exists: importing the file must not take its place."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
