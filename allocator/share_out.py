"""Assignments shared out among promises that each of them counts for one of only."""

from __future__ import annotations

from collections import Counter


def share_out(needs: list[tuple[tuple[str, int], int, list[int]]]) -> dict[tuple[str, int], int]:
    """Give each assignment to one of the promises it fits, serving the first ones first (augmenting paths)."""
    holder: dict[int, int] = {}
    free = [0] * len(needs)  # everything before this place is held, and stays held by somebody

    def give(wanting: int) -> bool:
        """Find an assignment for a promise, moving others along a shortest chain of promises."""
        came_from: dict[int, tuple[int, int] | None] = {wanting: None}
        queue = [wanting]
        for promise in queue:
            fitting = needs[promise][2]
            while free[promise] < len(fitting) and fitting[free[promise]] in holder:
                free[promise] += 1
            if free[promise] < len(fitting):
                holder[fitting[free[promise]]] = promise
                step = came_from[promise]
                while step is not None:
                    holder[step[1]] = step[0]
                    step = came_from[step[0]]
                return True
            for assignment in fitting if len(came_from) < len(needs) else ():
                owner = holder[assignment]
                if owner not in came_from:
                    came_from[owner] = (promise, assignment)
                    queue.append(owner)
        return False

    for promise, (_, need, _) in enumerate(needs):
        while need > 0 and give(promise):
            need -= 1
    for promise, (_, _, fitting) in enumerate(needs):
        for assignment in fitting:
            holder.setdefault(assignment, promise)
    held = Counter(holder.values())
    return {name: held[number] for number, (name, _, _) in enumerate(needs)}
