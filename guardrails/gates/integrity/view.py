"""What the integrity rules see of a change: contents, roles and tests, each worked out once.

Everything is lazy, so a change that touches no test never parses one, nor imports what parses it:
that costs a hook 10 CPU ms.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from posixpath import basename
from typing import TYPE_CHECKING

from guardrails.gates.integrity.paths import Role, is_collected, role_of
from guardrails.gates.integrity.settings import IntegritySettings
from guardrails.model.change import Change, FileChange
from guardrails.model.frozen import field, frozen
from guardrails.model.ports import Tree

if TYPE_CHECKING:
    from guardrails.gates.integrity.suites.comparison import Loss
    from guardrails.gates.integrity.suites.pairing import Pair, Pairing
    from guardrails.gates.integrity.suites.suite import Case, Suite


@frozen
class View:
    """A change with both its trees under base's integrity settings."""

    change: Change
    base: Tree
    head: Tree
    settings: IntegritySettings = field(default_factory=IntegritySettings)
    allowed_packages: tuple[str, ...] = ()

    @cached_property
    def _old(self) -> Mapping[str, bytes]:
        return self.base.read_many([one.path for one in self.change.files if one.old])

    @cached_property
    def _new(self) -> Mapping[str, bytes]:
        return self.head.read_many([one.path for one in self.change.files if one.new])

    def before(self, path: str) -> str:
        """Return base's text of a changed file, empty when it had none."""
        return self._old.get(path, b"").decode("utf-8", "surrogateescape")

    def after(self, path: str) -> str:
        """Return head's text of a changed file, empty when it has none."""
        return self._new.get(path, b"").decode("utf-8", "surrogateescape")

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        """What each changed path is."""
        return {one.path: role_of(one.path, self.settings) for one in self.change.files}

    def files(self, *roles: Role) -> tuple[FileChange, ...]:
        """Return the changed files with one of `roles`."""
        return tuple(one for one in self.change.files if self.roles[one.path] in roles)

    @cached_property
    def holds_suites(self) -> bool:
        """Whether a changed file is a test or may hold one."""
        return bool(self.files(Role.TEST)) or any(self._may_hold_tests(one) for one in self.change.files)

    @cached_property
    def holds_documents(self) -> bool:
        """Whether a changed file is anything else than Python code of product or tests; setup.py is both."""
        code = (Role.PRODUCT, Role.TEST)
        return any(
            self.roles[one.path] not in code
            or not one.path.endswith(".py")
            or basename(one.path) == "setup.py"
            for one in self.change.files
        )

    @cached_property
    def changes_product(self) -> bool:
        """Whether product code changes as well."""
        return bool(self.files(Role.PRODUCT))

    @cached_property
    def collection(self) -> tuple[str, ...]:
        """The file name patterns by which base's configuration finds tests."""
        from guardrails.gates.integrity.documents.configuration import collection_patterns  # noqa: PLC0415 - see above

        return collection_patterns(self.base)

    def _is_test_file(self, path: str) -> bool:
        return path.endswith(".py") and role_of(path, self.settings) is Role.TEST

    def _is_collected(self, path: str) -> bool:
        return is_collected(path, self.collection) or path in self.base.entries()

    @cached_property
    def suites_before(self) -> "Mapping[str, Suite]":
        """Base's suites of the changed test files."""
        paths = [one.path for one in self.change.files if one.old and self._is_test_file(one.path)]
        return _suites({path: self.before(path) for path in paths if path in self._old})

    @cached_property
    def suites_after(self) -> "Mapping[str, Suite]":
        """Head's suites of the changed test files, and of new files that hold test functions.

        Tests in a file that pytest would not collect are not tests.
        """
        texts = {
            one.path: self.after(one.path)
            for one in self.change.files
            if one.path in self._new and (self._is_test_file(one.path) or self._may_hold_tests(one))
        }
        return {
            path: suite if self._is_collected(path) else suite.uncollected()
            for path, suite in _suites(texts).items()
        }

    def _may_hold_tests(self, file: FileChange) -> bool:
        return (
            file.path.endswith((".py", ".txt", ".bak"))
            and file.old is None
            and "def test" in self.after(file.path)
        )

    @cached_property
    def unreadable(self) -> tuple[str, ...]:
        """Changed test files whose head text no parser accepts."""
        paths = [one.path for one in self.change.files if one.new and self._is_test_file(one.path)]
        return tuple(path for path in paths if path in self._new and path not in self.suites_after)

    @cached_property
    def pairing(self) -> "Pairing":
        """How base's tests and head's belong together; a suite that became unreadable is left out."""
        from guardrails.gates.integrity.suites.pairing import pair_tests  # noqa: PLC0415 - see above

        before = {path: one for path, one in self.suites_before.items() if path not in self.unreadable}
        return pair_tests(before, self.suites_after)

    @cached_property
    def losses(self) -> "tuple[tuple[Pair, Loss], ...]":
        """What each surviving test of base lost."""
        from guardrails.gates.integrity.suites.comparison import loss_of  # noqa: PLC0415 - see above

        added = _assertion_texts(self.suites_after.values())
        added.subtract(_assertion_texts(self.suites_before.values()))
        return tuple((pair, loss_of(pair, +added)) for pair in self.pairing.pairs if pair.base != pair.head)

    def asserts_through_calls(self, case: "Case") -> bool:
        """Whether a function that `case` calls, here or where it is imported from, asserts anything."""
        if any(one.simple_name in case.calls and one.live for one in self._supports):
            return True
        suite = self.suites_after.get(case.path)
        modules = {dotted.rpartition(".") for dotted in suite.imports} if suite else set()
        wanted = {f"{module.replace('.', '/')}.py" for module, _, name in modules if name in case.calls}
        candidates = [path for path in self.head.entries() if any(path.endswith(one) for one in wanted)]
        candidates += [path for path in self.head.entries() if basename(path) == "conftest.py"]
        texts = {
            path: raw.decode("utf-8", "replace") for path, raw in self.head.read_many(candidates).items()
        }
        found = (one for suite in _suites(texts).values() for one in suite.cases.values())
        return any(one.simple_name in case.calls and one.live for one in found)

    @cached_property
    def _supports(self) -> "tuple[Case, ...]":
        return tuple(
            one for suite in self.suites_after.values() for one in suite.cases.values() if not one.is_test
        )


def _suites(texts: Mapping[str, str]) -> "dict[str, Suite]":
    from guardrails.gates.integrity.suites.suite import suite_of  # noqa: PLC0415 - see above

    suites = {path: suite_of(path, text) for path, text in texts.items()}
    return {path: suite for path, suite in suites.items() if suite is not None}


def _assertion_texts(suites: "Iterable[Suite]") -> Counter[str]:
    return Counter(one.text for suite in suites for case in suite.cases.values() for one in case.live)
