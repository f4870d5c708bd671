"""What base's `policies/integrity.yaml` may say; every field has a default that fits most projects."""

from collections.abc import Mapping

from guardrails.model.frozen import field, frozen

_TESTS = ("**/test_*.py", "**/*_test.py", "**/tests.py", "**/tests/**", "test/**", "**/conftest.py")
_GOLDENS = (
    "contracts/*/golden/**",
    "contracts/*/consumers/**",
    "contracts/*/invariants.py",
    "**/*.ambr",
    "**/__snapshots__/**",
    "**/goldens/**",
    "**/*.golden",
)
_PIPELINES = (
    ".github/**",
    "**/action.yml",
    "**/action.yaml",
    ".gitlab-ci.yml",
    ".circleci/**",
    "azure-pipelines.yml",
    "Jenkinsfile",
    ".ci/**",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    ".husky/**",
    ".githooks/**",
    ".claude/settings*.json",
    ".codex/**",
    "Makefile",
    "noxfile.py",
)


@frozen
class IntegritySettings:
    """What the integrity gate needs to know about a project.

    `tests`, `goldens`, `policies` and `pipelines` are globs (`**` for any folders) that say
    what a path is; everything else that is Python code is product code. `allowed_root_files`
    are further files that may be added at the top of the repository.
    `plugins` are the pytest plugins (module names) that the overlay run loads, `variables` the
    environment it adds; a service's own variables are for its start, not for its tests.
    `line_length` is the number of characters past which an added line counts as hiding code.
    `overlay_seconds` bounds one run of the test suite.
    """

    tests: tuple[str, ...] = _TESTS
    goldens: tuple[str, ...] = _GOLDENS
    policies: tuple[str, ...] = ("policies/**",)
    pipelines: tuple[str, ...] = _PIPELINES
    allowed_root_files: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    line_length: int = 1000
    overlay_seconds: float = 120.0
