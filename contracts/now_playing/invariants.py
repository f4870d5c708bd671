"""What must hold for every answer of the Now Playing service, judged from outside.

Standard library only, and nothing of the service: a service that is wrong about an item must not be the
witness of its own innocence, so facts come from `catalogue.json`. Each invariant takes the request
(`operation` and `body`, as in a scenario), the answer and the catalogue, and returns None, or a sentence
that names the item at fault.

Answers are judged as of CLOCK: ask a service that was started with NOW_PLAYING_CLOCK set to it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

# Any: requests and answers are JSON from outside; `_shape_fault` looks before an invariant does.
Json = Mapping[str, Any]
Invariant = Callable[[Json, Json, Json], str | None]
Rule = Callable[[Json, Json], bool]

CLOCK = "2026-01-01T00:00:00Z"
ARTIST_GAP = 2
"""Up next: how many items stand between two of one artist, the playing one included, where others exist."""
KIND_GAP = 2
"""Cards: how many cards stand between two of one kind, where others exist."""
CAPS = {"concert": 4, "merch": 3, "social": 6}
"""By kind how many showings lately are enough."""
DEFAULT_LIMITS = {"up_next": 30, "cards": 20}


def _breaks_explicit(context: Json, item: Json) -> bool:
    return bool(item["explicit"]) and (not context["explicit_allowed"] or context["age_band"] == "kids")


def _breaks_kids(context: Json, item: Json) -> bool:
    return context["age_band"] == "kids" and not item["kids_safe"]


def _breaks_market(context: Json, item: Json) -> bool:
    return context["market"] not in item["markets"]


def _breaks_licence(_context: Json, item: Json) -> bool:
    # Both are ISO 8601 in UTC to the second, which sort as text.
    return bool(item["licence_until"] <= CLOCK)


def _breaks_tier(context: Json, item: Json) -> bool:
    return bool(item["tier"] == "premium") and context["product_tier"] == "free"


def _breaks_car(context: Json, item: Json) -> bool:
    return context["device"] == "car" and not item["car_safe"]


def _breaks_dismissal(context: Json, item: Json) -> bool:
    dismissed = context.get("dismissals", ())
    return item["id"] in dismissed or item["artist"] in dismissed


def _breaks_played(context: Json, item: Json) -> bool:
    return item["id"] in context.get("recently_played", ())


RULES: Mapping[str, tuple[str, Rule, str]] = {
    "no_explicit": ("explicit", _breaks_explicit, "is explicit, which this listener may not be shown"),
    "kids_safe": ("kids", _breaks_kids, "is not safe for kids"),
    "market": ("market", _breaks_market, "is not available in the listener's market"),
    "licence": ("licence", _breaks_licence, f"has no licence at {CLOCK}"),
    "tier": ("tier", _breaks_tier, "is for premium listeners only"),
    "car_safe": ("car", _breaks_car, "must not be shown while driving"),
    "no_dismissed": ("dismissed", _breaks_dismissal, "was dismissed, itself or its artist"),
    "no_already_played": ("already_played", _breaks_played, "was played a moment ago"),
}
"""By name: the reason the service gives for it, whether an item breaks it, and how to say so."""


def only_candidates(request: Json, response: Json, catalogue: Json) -> str | None:
    """Every item was a candidate, exists, is called what it is, and belongs on this surface."""
    surface = _surface(request)
    for shown in response["items"]:
        name = shown["id"]
        if name not in _candidates(request):
            return f"{name} was not a candidate"
        if name not in catalogue:
            return f"{name} is not in the catalogue"
        if shown.get("kind") != catalogue[name]["kind"]:
            return f"{name} is called a {shown.get('kind')} and is a {catalogue[name]['kind']}"
        if _surface_of(catalogue[name]) != surface:
            return f"{name} is a {catalogue[name]['kind']}, which does not belong on {surface}"
    return None


def no_now_playing(request: Json, response: Json, catalogue: Json) -> str | None:
    """What plays is not offered again, nor another release of its recording."""
    playing = _playing(request, catalogue)
    for item in _shown_facts(response, catalogue):
        if playing is not None and item["recording"] == playing["recording"]:
            return f"{item['id']} is what plays now"
    return None


def no_duplicates(_request: Json, response: Json, catalogue: Json) -> str | None:
    """No id and no recording stands twice."""
    seen: dict[str, str] = {}
    for name in _shown(response):
        recording = catalogue[name]["recording"] if name in catalogue else name
        if recording in seen:
            return f"{name} repeats {seen[recording]}"
        seen[recording] = name
    return None


def no_capped(request: Json, response: Json, catalogue: Json) -> str | None:
    """No kind is shown again that was shown lately as often as its cap allows."""
    worn = _worn(request, catalogue)
    for item in _shown_facts(response, catalogue):
        if item["kind"] in worn:
            return f"{item['id']} is a {item['kind']}, of which enough were shown lately"
    return None


def artist_spacing(request: Json, response: Json, catalogue: Json) -> str | None:
    """In up next, an artist comes again only after ARTIST_GAP others, if any are left, or by a pin."""
    return _spacing_fault("artist", request, response, catalogue)


def kind_spacing(request: Json, response: Json, catalogue: Json) -> str | None:
    """Among cards, a kind comes again only after KIND_GAP others, if any are left, or by a pin."""
    return _spacing_fault("kind", request, response, catalogue)


def _spacing_fault(column: str, request: Json, response: Json, catalogue: Json) -> str | None:
    if column != _gap(request)[0]:
        return None
    pinned = set(_pins_in_force(request, response).values())
    items = list(_shown_facts(response, catalogue))
    left_out = {entry["id"] for entry in response["filtered"]} | set(_shown(response)) | pinned
    unshown = [
        {**catalogue[name], "id": name} for name in _candidates(request) - left_out if name in catalogue
    ]
    for place, (item, recent) in enumerate(_with_recent(items, request, catalogue)):
        if item[column] not in recent or item["id"] in pinned:
            continue
        for other in (*items[place + 1 :], *unshown):
            if other[column] not in recent and other["id"] not in pinned:
                return f"{item['id']} repeats {item[column]} too soon, while {other['id']} could stand there"
    return None


def pins_hold(request: Json, response: Json, _catalogue: Json) -> str | None:
    """A pinned item that may be shown stands in its slot."""
    shown = _shown(response)
    for slot, name in sorted(_pins_in_force(request, response).items()):
        if slot <= len(shown) and shown[slot - 1] != name:
            return f"{name} is pinned to slot {slot}, where {shown[slot - 1]} stands"
        if slot > len(shown) and name in shown:
            return f"{name} is shown, though it is pinned to slot {slot}"
    return None


def parts_sum_to_score(_request: Json, response: Json, _catalogue: Json) -> str | None:
    """Every score is the exact sum of its parts."""
    for item in response["items"]:
        if sum(item["parts"].values()) != item["score"]:
            return f"{item['id']} has score {item['score']} and parts of {sum(item['parts'].values())}"
    return None


def sorted_by_score_or_reranked(request: Json, response: Json, catalogue: Json) -> str | None:
    """Items stand by score, then id; only a pin, an artist or a kind too near may hold a better one back."""
    pinned = set(_pins_in_force(request, response).values())
    scores = {item["id"]: item["score"] for item in response["items"]}
    items = list(_shown_facts(response, catalogue))
    column, _ = _gap(request)
    for place, (item, recent) in enumerate(_with_recent(items, request, catalogue)):
        for later in items[place + 1 :]:
            if pinned & {item["id"], later["id"]}:
                continue
            better = (-scores[later["id"]], later["id"]) < (-scores[item["id"]], item["id"])
            held_back = later[column] in recent and item[column] not in recent
            if better and not held_back:
                return f"{later['id']} stands below {item['id']} though its score or id puts it above"
    return None


def moves_true(request: Json, response: Json, _catalogue: Json) -> str | None:
    """`by_score` is the order of scores, then ids, and `moved_by` names a rule wherever one acted."""
    pinned = set(_pins_in_force(request, response).values())
    items = response["items"]
    by_score = sorted(items, key=lambda item: (-item["score"], item["id"]))
    for better, worse in pairwise(by_score):
        if not 0 < better["by_score"] < worse["by_score"]:
            return (
                f"{worse['id']} is number {worse['by_score']} by score, {better['id']} {better['by_score']}"
            )
    furthest = 0
    for item in items:
        if (item["id"] in pinned) != (item["moved_by"] == "pin"):
            return f"{item['id']} was moved by {item['moved_by']}, and {'is' if item['id'] in pinned else 'no'} pin"
        if item["id"] not in pinned:
            if (item["by_score"] < furthest) != (item["moved_by"] is not None):
                return f"{item['id']} was moved by {item['moved_by']}, which its place does not show"
            furthest = max(furthest, item["by_score"])
    return None


def filters_true(request: Json, response: Json, catalogue: Json) -> str | None:
    """Every candidate that was withheld is listed once, in order of id, for a reason that is true."""
    names = [entry["id"] for entry in response["filtered"]]
    for name, following in pairwise(names):
        if name >= following:
            return f"{following} is listed after {name}"
    for entry in response["filtered"]:
        name, reason = entry["id"], entry["reason"]
        if name not in _candidates(request):
            return f"{name} is filtered and was not a candidate"
        if not _is_true(reason, name, request, catalogue):
            return f"{name} is filtered as {reason}, which is not true of it"
    return None


def accounted_for(request: Json, response: Json, _catalogue: Json) -> str | None:
    """No candidate vanishes: each is shown or filtered, unless the answer is as long as was asked."""
    shown, withheld = _shown(response), {entry["id"] for entry in response["filtered"]}
    limit = request["body"].get("limit", DEFAULT_LIMITS[_surface(request)])
    if len(shown) > limit:
        return f"{len(shown)} items are more than the {limit} that were asked for"
    if both := withheld.intersection(shown):
        return f"{min(both)} is shown and filtered"
    missing = _candidates(request).difference(shown, withheld)
    if missing and len(shown) < limit:
        return f"{min(missing)} is neither shown nor filtered"
    return None


def digests_named(_request: Json, response: Json, _catalogue: Json) -> str | None:
    """The answer names the policy, the model and the features that it rests on, by digest."""
    digests = response.get("digests")
    for name in ("policy", "model", "features"):
        digest = digests.get(name) if isinstance(digests, Mapping) else None
        if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
            return f"the digest of its {name} is {digest!r}"
    return None


def degraded_has_reason(_request: Json, response: Json, _catalogue: Json) -> str | None:
    """An answer is degraded for a reason, and one with a reason is degraded."""
    degraded, reason = response.get("degraded"), response.get("degraded_reason")
    if degraded is True and isinstance(reason, str) and reason:
        return None
    if degraded is False and reason is None:
        return None
    return f"degraded is {degraded!r} for the reason {reason!r}"


def _is_true(reason: str, name: str, request: Json, catalogue: Json) -> bool:
    if name not in catalogue or reason == "unknown":
        return name not in catalogue and reason == "unknown"
    item, playing = {**catalogue[name], "id": name}, _playing(request, catalogue)
    if reason == "wrong_surface":
        return _surface_of(item) != _surface(request)
    if reason == "now_playing":
        return playing is not None and item["recording"] == playing["recording"]
    if reason == "capped":
        return item["kind"] in _worn(request, catalogue)
    if reason == "duplicate":
        others = (other for other in _candidates(request) if other < name and other in catalogue)
        return any(catalogue[other]["recording"] == item["recording"] for other in others)
    rules = {known: rule for known, rule, _ in RULES.values()}
    return reason in rules and rules[reason](request["body"]["context"], item)


def _surface(request: Json) -> str:
    return "up_next" if request["operation"].endswith("/up-next:rank") else "cards"


def _surface_of(item: Json) -> str:
    return "up_next" if item["kind"] in ("track", "episode") else "cards"


def _candidates(request: Json) -> set[str]:
    return {candidate["id"] for candidate in request["body"]["candidates"]}


def _playing(request: Json, catalogue: Json) -> Json | None:
    playing: Json | None = catalogue.get(request["body"]["context"].get("now_playing"))
    return playing


def _shown(response: Json) -> list[str]:
    return [item["id"] for item in response["items"]]


def _shown_facts(response: Json, catalogue: Json) -> Iterator[Json]:
    """Yield the facts of the items that exist; `only_candidates` speaks of the others."""
    for name in _shown(response):
        if name in catalogue:
            yield {**catalogue[name], "id": name}


def _worn(request: Json, catalogue: Json) -> set[str]:
    """Return the kinds that were shown lately as often as their cap allows."""
    shown = request["body"]["context"].get("recently_shown", ())
    times = Counter(catalogue[name]["kind"] for name in shown if name in catalogue)
    return {kind for kind, most in CAPS.items() if times[kind] >= most}


def _pins_in_force(request: Json, response: Json) -> dict[int, str]:
    """Return by slot, from 1, the pinned item that may be shown; the lesser id, and its first slot, stand."""
    allowed = _candidates(request).difference(entry["id"] for entry in response["filtered"])
    pins = request["body"]["context"].get("pins", ())
    slots: dict[int, str] = {}
    for slot, name in sorted((pin["slot"], pin["id"]) for pin in pins):
        if slot <= len(allowed) and slot not in slots and name in allowed and name not in slots.values():
            slots[slot] = name
    return slots


def _gap(request: Json) -> tuple[str, int]:
    """Return which column of the catalogue is spaced, and how many others stand between two of one value."""
    return ("artist", ARTIST_GAP) if _surface(request) == "up_next" else ("kind", KIND_GAP)


def _with_recent(items: Sequence[Json], request: Json, catalogue: Json) -> Iterator[tuple[Json, list[str]]]:
    """Yield each item with the artists or kinds of the items before it, the playing one included."""
    playing, (column, gap) = _playing(request, catalogue), _gap(request)
    heard = [] if playing is None else [playing[column]]
    for item in items:
        yield item, heard[-gap:]
        heard.append(item[column])


def _follows(name: str) -> Invariant:
    _, rule, sentence = RULES[name]

    def invariant(request: Json, response: Json, catalogue: Json) -> str | None:
        for item in _shown_facts(response, catalogue):
            if rule(request["body"]["context"], item):
                return f"{item['id']} {sentence}"
        return None

    return invariant


def _shape_fault(response: Json) -> str | None:
    """Return what keeps an answer from being read, so that no invariant stumbles over it."""
    items, filtered = response.get("items"), response.get("filtered")
    if not isinstance(items, list) or not isinstance(filtered, list):
        return "the answer has no lists `items` and `filtered`"
    for entry in (*items, *filtered):
        if not isinstance(entry, Mapping) or not isinstance(entry.get("id"), str):
            return "an entry of `items` or `filtered` has no id"
    for item in items:
        parts = item.get("parts")
        if not isinstance(parts, Mapping) or not all(map(_is_whole, (item.get("score"), *parts.values()))):
            return f"{item['id']} has no score and parts in whole millionths"
        if not _is_whole(item.get("by_score")) or not isinstance(item.get("moved_by"), str | None):
            return f"{item['id']} does not say where its score would put it and what moved it"
    for entry in filtered:
        if not isinstance(entry.get("reason"), str):
            return f"{entry['id']} is filtered without a reason"
    return None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _guarded(invariant: Invariant) -> Invariant:
    def guarded(request: Json, response: Json, catalogue: Json) -> str | None:
        return _shape_fault(response) or invariant(request, response, catalogue)

    return guarded


INVARIANTS: dict[str, Invariant] = {
    **{name: _guarded(_follows(name)) for name in RULES},
    **{
        invariant.__name__: _guarded(invariant)
        for invariant in (
            only_candidates,
            no_now_playing,
            no_duplicates,
            no_capped,
            artist_spacing,
            kind_spacing,
            pins_hold,
            parts_sum_to_score,
            sorted_by_score_or_reranked,
            moves_true,
            filters_true,
            accounted_for,
            digests_named,
            degraded_has_reason,
        )
    },
}
"""Every invariant by the name that scenarios call it."""
