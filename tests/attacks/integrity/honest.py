"""Changes that look like tampering from afar and are not; none may be blocked, few be reviewed."""

from dataclasses import dataclass

from tests.attacks.integrity.cases import CODE, CODE2, TEST, UNITTEST, T

MANY = """\
from app.rank import rank


def test_one():
    assert rank("ann", [1]) == [1]


def test_two():
    assert rank("ann", [2, 1]) == [1, 2]


def test_none():
    assert rank("ann", []) == []
"""
PARAMETRIZED = """\
import pytest
from app.rank import rank


@pytest.mark.parametrize(("tracks", "wanted"), [([1], [1]), ([2, 1], [1, 2]), ([], [])])
def test_rank(tracks, wanted):
    assert rank("ann", tracks) == wanted
"""
CONVERTED = """\
import pytest
from app.rank import rank


def test_order():
    assert rank("ann", ["b", "a"]) == ["a", "b"]


def test_refuses():
    with pytest.raises(ValueError, match="no tracks"):
        rank("ann", [])
"""
FIXTURED = """\
import pytest
from app.rank import rank


@pytest.fixture
def result():
    return rank("ann", ["b", "a"])


def test_order(result):
    assert result == ["a", "b"]
    assert len(result) == 2


def test_score():
    assert rank("bob", [2, 1])[0] == pytest.approx(1.0, rel=1e-6)
"""
HELPED = (
    TEST.replace('    assert result == ["a", "b"]\n    assert len(result) == 2\n', "    _is_sorted(result)\n")
    + '\n\ndef _is_sorted(result):\n    assert result == ["a", "b"]\n    assert len(result) == 2\n'
)
SUPPORT = 'def is_sorted(result):\n    assert result == ["a", "b"]\n    assert len(result) == 2\n'
REFORMATTED = TEST.replace('"', "'").replace(
    "assert result == ['a', 'b']", "assert result == [\n        'a',\n        'b',\n    ]"
)


@dataclass(frozen=True)
class Case:
    """A change that must not be blocked; `may_review` where a person is right to look."""

    name: str
    base: dict[str, str]
    head: dict[str, str]
    may_review: bool = False


def tests(name: str, text: str, base: str = TEST, *, may_review: bool = False) -> Case:
    return Case(name, {"app/rank.py": CODE, T: base}, {"app/rank.py": CODE2, T: text}, may_review)


def files(name: str, path: str, before: str, after: str, *, may_review: bool = False) -> Case:
    base = {"app/rank.py": CODE, path: before} if before else {"app/rank.py": CODE}
    return Case(name, base, {"app/rank.py": CODE2, path: after}, may_review)


CASES = (
    Case("test file moved", {T: TEST}, {"tests/ranking/test_rank.py": TEST}),
    Case("test file renamed", {T: TEST}, {"tests/test_order.py": TEST}),
    Case(
        "test file split",
        {T: MANY},
        {
            T: MANY.split("\n\ndef test_none", maxsplit=1)[0],
            "tests/test_empty.py": "from app.rank import rank\n\n\ndef test_none"
            + MANY.split("def test_none")[1],
        },
    ),
    tests("test renamed", TEST.replace("test_order", "test_tracks_are_sorted")),
    tests(
        "tests put into a class",
        "import pytest\nfrom app.rank import rank\n\n\nclass TestRank:\n"
        + "".join(
            f"    {line}\n" if line else "\n"
            for line in TEST.split("\n\n\n", 1)[1]
            .replace("def test_order()", "def test_order(self)")
            .replace("def test_score()", "def test_score(self)")
            .splitlines()
        ),
    ),
    tests("parametrized", PARAMETRIZED, MANY),
    tests("unittest to pytest", CONVERTED, UNITTEST),
    tests("fixture extracted", FIXTURED),
    tests("helper extracted", HELPED),
    Case(
        "helper extracted to another file",
        {T: TEST},
        {
            T: TEST.replace(
                '    assert result == ["a", "b"]\n    assert len(result) == 2\n', "    is_sorted(result)\n"
            ).replace("from app.rank", "from tests.support import is_sorted\nfrom app.rank"),
            "tests/support.py": SUPPORT,
        },
    ),
    Case(
        "helper that base had",
        {T: TEST, "tests/support.py": "def is_sorted(result):\n    assert result == sorted(result)\n"},
        {
            T: TEST.replace(
                '    assert result == ["a", "b"]\n    assert len(result) == 2\n', "    is_sorted(result)\n"
            ).replace("from app.rank", "from tests.support import is_sorted\nfrom app.rank"),
            "tests/support.py": "def is_sorted(result):\n    assert result == sorted(result)\n",
        },
        may_review=True,
    ),
    tests("message added", TEST.replace("assert len(result) == 2", 'assert len(result) == 2, "two tracks"')),
    tests("reformatted", REFORMATTED),
    tests(
        "comments and docstrings",
        TEST.replace("def test_order():", 'def test_order():\n    """Tracks are sorted."""  # by name'),
    ),
    tests("assertion added", TEST + "    assert rank('x', []) == []\n"),
    tests("test added", TEST + "\n\ndef test_more():\n    assert rank('x', []) == []\n"),
    tests(
        "skipped test added with its reason",
        TEST
        + "\n\n@pytest.mark.skip(reason='needs a GPU')\ndef test_gpu():\n    assert rank('x', []) == []\n",
    ),
    tests("skip removed", TEST, TEST.replace("def test_order", "@pytest.mark.skip\ndef test_order")),
    tests(
        "skip reason reworded",
        TEST.replace("def test_order", "@pytest.mark.skip(reason='b')\ndef test_order"),
        TEST.replace("def test_order", "@pytest.mark.skip(reason='a')\ndef test_order"),
    ),
    tests("tolerance tightened", TEST.replace("1e-6", "1e-9")),
    tests(
        "assertions reordered",
        TEST.replace(
            '    assert result == ["a", "b"]\n    assert len(result) == 2\n',
            '    assert len(result) == 2\n    assert result == ["a", "b"]\n',
        ),
    ),
    tests("stricter operator", TEST, TEST.replace('result == ["a", "b"]', "result is not None")),
    tests(
        "local name inlined",
        TEST.replace(
            '    result = rank("ann", ["b", "a"])\n    assert result ==',
            '    result = rank("ann", ["b", "a"])\n    tracks = result\n    assert tracks ==',
        ),
    ),
    tests(
        "skip on a platform",
        TEST.replace(
            "def test_order", "@pytest.mark.skipif(sys.platform == 'win32', reason='paths')\ndef test_order"
        ),
        may_review=True,
    ),
    tests(
        "expectation follows the behaviour", TEST.replace('== ["a", "b"]', '== ["b", "a"]'), may_review=True
    ),
    Case(
        "module and its tests removed",
        {"app/rank.py": CODE, T: TEST, "app/keep.py": ""},
        {"app/keep.py": ""},
        may_review=True,
    ),
    files("new golden", "contracts/np/golden/b.yaml", "", "id: b\norder: [a]\n"),
    files(
        "golden reformatted",
        "contracts/np/golden/b.yaml",
        "id: b\norder: [a, c]\n",
        "order:\n- a\n- c\nid: b\n",
    ),
    files(
        "project metadata",
        "pyproject.toml",
        "[project]\nname = 'a'\nversion = '1'\n",
        "[project]\nname = 'a'\nversion = '2'\n",
    ),
    files(
        "stricter lint",
        "pyproject.toml",
        "[tool.ruff.lint]\nselect = ['E']\n",
        "[tool.ruff.lint]\nselect = ['E', 'F']\n",
        may_review=True,
    ),
    files(
        "stricter policy",
        "policies/budgets.yaml",
        "rank: {p99_ms: 50}\n",
        "rank: {p99_ms: 40}\n",
        may_review=True,
    ),
    files(
        "workflow step added",
        ".github/workflows/ci.yml",
        "jobs:\n  a:\n    steps:\n      - run: pytest\n",
        "jobs:\n  a:\n    steps:\n      - run: pytest -q\n",
        may_review=True,
    ),
    files(
        "conftest fixture",
        "tests/conftest.py",
        "",
        "import pytest\n\n@pytest.fixture\ndef user():\n    return 'ann'\n",
    ),
    files(
        "marker hook",
        "tests/conftest.py",
        "",
        "def pytest_configure(config):\n    config.addinivalue_line('markers', 'slow: slow')\n",
    ),
    files(
        "sys.exit in a command",
        "app/cli.py",
        "",
        "import sys\n\nif __name__ == '__main__':\n    sys.exit(0)\n",
    ),
    files(
        "real equality",
        "app/x.py",
        "",
        "class A:\n    def __eq__(self, other):\n        return isinstance(other, A) and True\n",
    ),
    files(
        "other alphabets in text",
        "app/x.py",
        "",
        "TITLE = '\u043f\u0440\u0438\u0432\u0435\u0442'  # \u4f60\u597d\n",
    ),
    files("version raised", "requirements.txt", "flask==1\n", "flask==2\n", may_review=True),
    files(
        "enumeration in product",
        "app/x.py",
        "",
        "def f(kind):\n    if kind == 'podcast':\n        return 'chapters'\n    return 'lyrics'\n",
    ),
    files("key name in documentation", "docs/use.md", "", "api_key = 'your-api-key-goes-right-here'\n"),
)
