"""Which calls read a feature flag or a variant, and what the team's registry says of one."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache

from guardrails.analysis.code.facts import Call
from guardrails.gates.architecture.module import Module
from guardrails.model.errors import CannotJudge, PolicyError
from guardrails.model.frozen import frozen

_OPENFEATURE = (
    r"get_(?:boolean|string|integer|float|object)_(?:value|details)(?:_async)?\Z"  # compiled when first used
)
_MADE_BY = ("ldclient.", "growthbook.", "UnleashClient.", "posthog.", "statsig.", "splitio.", "flagsmith.")
_LIBRARIES = (
    r"(?:ldclient\..+\.variation(?:_detail)?|growthbook\..+\.(?:is_on|is_off|get_feature_value|eval_feature)|"
    r"UnleashClient\..+\.(?:is_enabled|get_variant)|(?:posthog|posthog\..+)\.(?:feature_enabled|get_feature_flag)|"
    r"statsig\..+\.(?:check_gate|get_experiment|get_config|get_layer)|splitio\..+\.get_treatment\w*|"
    r"flagsmith\..+\.(?:is_feature_enabled|get_feature_value))\Z"
)
_KEYS = ("flag_key", "key", "flag", "feature_name", "gate_name", "experiment_name", "feature")


@frozen
class Entry:
    """What the registry says of one flag; what it does not say is empty or None."""

    owner: str
    expires: date | None


def reads_in(module: Module) -> Iterator[Call]:
    """Yield the module's calls that read a flag, by known libraries or by policy."""
    readers = module.settings.flags.readers
    for call in module.facts.calls:
        if _is_known(call.name) or (readers and is_named(module, call, readers)):
            yield call


def _is_known(name: str) -> bool:
    last = name.rpartition(".")[2]
    if last.startswith("get_") and re.match(_OPENFEATURE, last):
        return True
    return name.startswith(_MADE_BY) and re.match(_LIBRARIES, name) is not None


def is_named(module: Module, call: Call, names: tuple[str, ...]) -> bool:
    """Whether the call is one of the names that policy writes as `package.function`."""
    meanings = module.graph.meanings(module.name, call.name)
    return any(one.replace(":", ".") in names for one in meanings)


def key_of(call: Call) -> str:
    """Return the short text of the flag's key; the empty text where none is given."""
    named = (call.keyword(one) for one in _KEYS)
    return call.arguments[0] if call.arguments else next((one for one in named if one is not None), "")


def registry_of(module: Module) -> Mapping[str, Entry]:
    """Return the flags of the tree's registry by key; raises CannotJudge for one that cannot be read."""
    path = module.settings.flags.registry
    content = module.graph.code.tree.read(path)
    return _read(path, content) if content is not None else {}


@lru_cache(maxsize=4)
def _read(path: str, content: bytes) -> Mapping[str, Entry]:
    # YAML costs 20 ms of CPU, and few teams keep a registry.
    from guardrails.adapters.policy.document import parse  # noqa: PLC0415

    try:
        data = parse(path, content).data
    except PolicyError as error:
        raise CannotJudge(f"{path} cannot be read as a registry of flags: {error}") from error
    if not isinstance(data, dict):
        raise CannotJudge(f"{path} is no registry of flags; map each key to its owner and expires")
    return {str(key): _entry(value) for key, value in data.items()}


def _entry(value: object) -> Entry:
    held = value if isinstance(value, dict) else {}
    return Entry(str(held.get("owner") or ""), _day(held.get("expires")))


def _day(value: object) -> date | None:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
