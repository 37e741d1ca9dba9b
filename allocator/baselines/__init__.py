"""Ways of filling slots that do not optimize, on the same data and under the same rules: what an optimum is measured against."""

from allocator.baselines.base import Baseline
from allocator.baselines.first_come import FirstCome
from allocator.baselines.greedy import Greedy
from allocator.baselines.lottery import Lottery

BASELINES: dict[str, Baseline] = {baseline.name: baseline for baseline in (Greedy(), FirstCome(), Lottery())}
"""Every baseline by its name, in the order in which they are shown."""

__all__ = ["BASELINES", "Baseline"]
