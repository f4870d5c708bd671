"""What `policies/architecture.yaml` may say."""

from collections.abc import Mapping

from guardrails.model.frozen import field, frozen

NAME = "architecture"


@frozen
class LayerContract:
    """Which parts of one package may import which.

    `layers` are rows of names inside `package`, highest first: a part may import from rows below
    its own, never from above, and never from another part of its own row. `closed` lets it import
    from the next row only. `exhaustive` makes a module in no row a finding. Direct children of
    the parts in `apart` do not import each other. Parts in `standard_library_only` import the
    standard library, themselves, and the packages listed for them.
    """

    package: str
    layers: tuple[tuple[str, ...], ...]
    exhaustive: bool = True
    closed: bool = False
    apart: tuple[str, ...] = ()
    standard_library_only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@frozen
class Forbidden:
    """Modules (with everything below them) that `importer` must not import, and why."""

    importer: str
    imported: tuple[str, ...]
    reason: str


@frozen
class Flags:
    """Feature flags and experiments.

    `registry` is the YAML or JSON file that maps each flag's key to its `owner` and the day it
    `expires`; without one no key is judged. `readers` are calls whose first argument is a key,
    besides those of known libraries. `exposures` are calls that log that a variant was shown;
    without them exposure is not judged.
    """

    registry: str = ""
    readers: tuple[str, ...] = ()
    exposures: tuple[str, ...] = ()


@frozen
class Features:
    """Names of a model's features: what its schema says, and where code says the same names.

    `schema` is the YAML or JSON file of the features that the model takes, under `features`, `inputs`,
    `columns` or `fields`; `{bundle}` in it stands for the text that `lock` (a YAML or JSON file) holds
    under that name. `produced` are constants (`package.module.NAME`) that list what is computed; together
    they are the schema's names and no others. `named` are further constants, and `readers` calls
    (`package.function`, or `package.Class()[]` for items), whose names the schema must hold.
    """

    schema: str = ""
    lock: str = ""
    produced: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()


@frozen
class Settings:
    """How the architecture gate judges.

    `roots` are the folders on the import path, such as `src`. `ignore` are paths (a folder, a file
    or a pattern with `*`) that are not judged: tests. `contracts` and `forbidden` are import
    rules. `pure` are paths whose code may use neither clock nor randomness. `blocking` are
    further calls that must not run on the event loop (`package.function`,
    `package.Class().method`, or a prefix that ends in `.`), `heavy` further ones that burn CPU
    there. `configuration` are the paths that may read the environment. `breakers` names, by the call
    or prefix of calls to a dependency, what must stand around it: a decorator, a context or a method.
    `deadlines` are calls that bound how long a request waits; with any, requests make outbound calls
    only under one. `plain_endpoints` is how many plain `def` handlers may share the pool of threads.
    `telemetry` are calls that count or time; with any, every route makes one, or runs under it.
    `exempt` lifts a rule, by id, from paths. In `guarded` paths, pure ones and layered packages names
    that are computed while the program runs are findings.
    """

    roots: tuple[str, ...] = (".",)
    ignore: tuple[str, ...] = ("tests", "*/tests", "test_*.py", "*/test_*.py", "conftest.py", "*/conftest.py")
    contracts: tuple[LayerContract, ...] = ()
    forbidden: tuple[Forbidden, ...] = ()
    pure: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()
    heavy: tuple[str, ...] = ()
    configuration: tuple[str, ...] = ()
    breakers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deadlines: tuple[str, ...] = ()
    plain_endpoints: int | None = None
    telemetry: tuple[str, ...] = ()
    exempt: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    guarded: tuple[str, ...] = ()
    flags: Flags = Flags()
    features: Features = Features()

    @property
    def data(self) -> tuple[str, ...]:
        """The files that rules read beside code, as patterns of paths."""
        named = (self.flags.registry, self.features.schema, self.features.lock)
        return tuple(
            before + ("*" + rest.partition("}")[2] if brace else "")
            for before, brace, rest in (one.partition("{") for one in named if one)
        )
