import hashlib

from allocator.goals.lottery import Lottery
from allocator.policy import Policy
from allocator.problem import Problem
from allocator.solve import solve
from tests.twins import held, policy
from tests.worlds import orders, people, scores, world

NAMES = [f"S{k}" for k in range(1, 9)]
GOALS = ["match_quality", "lottery"]


def facts(names=NAMES, openings=3):
    return world(seekers=[{"seeker_id": name} for name in names], slots=orders(openings), pairs=scores({(name, "J1"): 1 for name in names}))


def drawn(seed, names=NAMES):
    """The three luckiest, as anybody can draw them again."""
    order = sorted(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())
    return sorted(order[-3:])


def winners(result):
    return sorted(pair.partition(">")[0] for pair in held(result))


def test_the_lottery_can_be_drawn_again_from_its_seed():
    for seed in (0, 1, 2**40):
        result = solve(facts(), policy(goals=GOALS), seed=seed)
        assert result.seed == seed
        assert winners(result) == drawn(seed)
        # Ranks 8, 7 and 6 of eight people.
        assert result.goal("lottery").value == 21
        assert result.goal("lottery").unit == "lots"


def test_the_order_of_rows_changes_nothing():
    assert winners(solve(facts(NAMES[::-1]), policy(goals=GOALS), seed=5)) == drawn(5)


def test_the_seed_changes_who_wins():
    assert len({tuple(winners(solve(facts(), policy(goals=GOALS), seed=seed))) for seed in range(10)}) > 5


def test_a_number_belongs_to_an_id():
    # Whoever leaves, the others keep their order.
    luck = Lottery().luck(Problem(facts(), Policy.from_dict({}), 7))
    order = [name for _, name in sorted(zip(luck.tolist(), NAMES, strict=True))]
    fewer = Lottery().luck(Problem(facts(NAMES[:5]), Policy.from_dict({}), 7))
    assert [name for _, name in sorted(zip(fewer.tolist(), NAMES[:5], strict=True))] == [name for name in order if name in NAMES[:5]]
    assert sorted(luck.tolist()) == list(range(1, 9))


def test_the_policys_seed_comes_before_the_runs():
    wishes = policy(goals=["match_quality", {"kind": "lottery", "seed": 3}])
    assert winners(solve(facts(), wishes, seed=99)) == drawn(3)


def test_chance_decides_between_equals_only():
    better = {(name, "J1"): 1 + (name in ("S1", "S2", "S3")) for name in NAMES}
    there = world(seekers=people(8), slots=orders(3), pairs=scores(better))
    for seed in range(5):
        assert winners(solve(there, policy(goals=GOALS), seed=seed)) == ["S1", "S2", "S3"]
