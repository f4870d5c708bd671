"""Reads a ranking request with the least work, for the answer that must be cheap.

It accepts nothing that the full reading refuses: whatever is not plainly right it leaves to that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError
from pydantic_core import from_json

from reference_service.api.requests import MOST_CARDS, MOST_TRACKS, CardsRequest, UpNextRequest
from reference_service.ranking import nouns

MODELS: Mapping[nouns.Surface, tuple[type[CardsRequest | UpNextRequest], int]] = {
    "cards": (CardsRequest, MOST_CARDS),
    "up_next": (UpNextRequest, MOST_TRACKS),
}
SOURCES = frozenset(get_args(nouns.Source))
WITH_SOURCE = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks, without the sources of its candidates, which popularity does not weigh."""

    context: nouns.Context
    names: list[str]
    limit: int


def read(surface: nouns.Surface, body: bytes, known: Mapping[str, object]) -> Asked | None:
    """Return what this body asks, or None if it is not a valid request; every id of `known` is valid."""
    model, most = MODELS[surface]
    try:
        given = from_json(body, allow_inf_nan=False)
        names = _plain(given["candidates"])
        if names is None or not 0 < len(names) <= most or not known.keys() >= set(names):
            whole = model.model_validate_json(body)
            return Asked(whole.context.noun(), [one.id for one in whole.candidates], whole.limit)
        # All candidates have just been looked at, so one stands for them.
        request = model.model_validate({**given, "candidates": [{"id": names[0]}]})
    except (ValidationError, ValueError, TypeError, KeyError):
        return None
    return Asked(request.context.noun(), names, request.limit)


def _plain(candidates: Any) -> list[str] | None:  # Any: JSON from outside; TypeError and KeyError are caught
    """Return the ids if every candidate has an id and at most a known source beside it, else None."""
    if not isinstance(candidates, list) or {*map(type, candidates)} != {dict}:
        return None
    sizes = {*map(len, candidates)}
    if not sizes <= {1, WITH_SOURCE}:
        return None
    with_source = candidates if sizes == {WITH_SOURCE} else [one for one in candidates if len(one) > 1]
    if not {one["source"] for one in with_source} <= SOURCES:
        return None
    return [one["id"] for one in candidates]
