"""Artist spacing: no run of one artist while another could be heard instead.

A cooldown queue, not a penalty on the score: the promise holds whatever the model says, and the score that
an answer shows stays the model's own.
"""

import heapq
from collections import deque
from collections.abc import Sequence


def space(artists: Sequence[str], *, gap: int, limit: int, before: Sequence[str] = ()) -> list[int]:
    """Return at most `limit` positions of `artists` (best first), each the best that keeps `gap` others
    between two of one artist; where none can, the best of all.

    `before` names the artists heard last. Takes O(n + limit * log n).
    """
    waiting: dict[str, deque[int]] = {}
    for position, artist in enumerate(artists):
        waiting.setdefault(artist, deque()).append(position)
    cooling = deque(before[-gap:] if gap else ())
    ready = [(positions[0], artist) for artist, positions in waiting.items() if artist not in cooling]
    heapq.heapify(ready)
    chosen: list[int] = []
    while len(chosen) < min(limit, len(artists)):
        if ready:
            _, artist = heapq.heappop(ready)
        else:
            artist = min(
                (name for name in set(cooling) if waiting.get(name)), key=lambda name: waiting[name][0]
            )
        chosen.append(waiting[artist].popleft())
        cooling.append(artist)
        while len(cooling) > gap:
            released = cooling.popleft()
            if released not in cooling and waiting.get(released):
                heapq.heappush(ready, (waiting[released][0], released))
    return chosen
