"""Rules that a team keeps in its own repository, under `policies/rules/`; only base's are believed."""

from collections.abc import Mapping
from typing import Literal

from guardrails.model.frozen import field, frozen


@frozen
class DeclaredRule:
    """A rule of the team's own, said in data.

    `id` is letters and digits of the team's own choice, such as SHOP001; GR is taken.
    `name` reads after "allow", such as raw-sql.
    `summary` is what is wrong, in one sentence.
    `why` says what it leads to.
    `remedy` says what to do instead, and names the symbol to use.
    `effect` is what a finding does to the verdict.
    `calls` are functions that must not be used, by their full names (`legacy.db.query`,
    `requests.Session().get`, `builtins.print`); a name that ends in a dot covers everything below it.
    `imports` are modules that must not be imported, with everything below them.
    `keyword` makes a call a fault only when this keyword is not given.
    `reachable_from_async` makes a call a fault only when an async function reaches it.
    `paths` are where the rule holds: folders, files, or patterns with `*`; everywhere when empty.
    `except_paths` are where it does not.
    `bad` are snippets in which the rule must find something, `good` ones in which it must not.
    """

    id: str
    name: str
    summary: str
    remedy: str
    why: str = ""
    effect: Literal["block", "review", "note"] = "review"
    calls: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    keyword: str = ""
    reachable_from_async: bool = False
    paths: tuple[str, ...] = ()
    except_paths: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    good: tuple[str, ...] = ()


@frozen
class TeamRules:
    """All that `policies/rules/` holds: rules said in data, and programs by their path."""

    declared: tuple[DeclaredRule, ...] = ()
    programs: Mapping[str, bytes] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is any rule."""
        return bool(self.declared or self.programs)
