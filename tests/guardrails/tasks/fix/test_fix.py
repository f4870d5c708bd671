"""`guardrails fix` on real repositories: what it writes, what it only shows, what it leaves alone."""

from pathlib import Path

import libcst as cst
import pytest

from guardrails.cli.main import main
from guardrails.gates.architecture.catalog import checks
from guardrails.gates.architecture.fixing import fixes_by_rule
from guardrails.gates.architecture.module import Found
from guardrails.tasks.fix.mending import mended
from tests.repos.builder import RepositoryBuilder

POLICY = {"policies/guardrails.yaml": "version: 1\n", "policies/architecture.yaml": "pure: [shop/pure.py]\n"}
DEAD = "def rank(cards):\n    # first wins\n    return cards  # all of them\n    cards.sort()\n\n\nX = 1\n"
SLEEPS = "import time\n\n\nasync def rank():\n    time.sleep(1)  # wait\n"
IDLE = '# guardrails: allow[GR102] until=2999-01-01 reason="x"\ndef rank():  # plain\n    return 1\n'
WAITS = "import requests\n\n\ndef fetch(url):\n    return requests.get(\n        url,\n        params={},\n    )\n"
SET = "def rank(cards):\n    for card in set(cards):\n        yield card\n"


@pytest.fixture
def shop(tmp_path: Path) -> RepositoryBuilder:
    """Return a repository in which nothing is to be mended."""
    made = RepositoryBuilder(tmp_path).write_all({**POLICY, "shop/__init__.py": ""})
    made.commit("first")
    return made


def text_of(made: RepositoryBuilder, path: str) -> str:
    return (made.path / path).read_bytes().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (DEAD, DEAD.replace("    cards.sort()\n", "")),
        (IDLE, "def rank():  # plain\n    return 1\n"),
        (IDLE.replace("\n", "\r\n"), "def rank():  # plain\r\n    return 1\r\n"),
        ("\ufeff" + DEAD, "\ufeff" + DEAD.replace("    cards.sort()\n", "")),
        (DEAD + IDLE, DEAD.replace("    cards.sort()\n", "") + "def rank():  # plain\n    return 1\n"),
    ],
    ids=["dead-code", "idle-comment", "windows", "byte-order-mark", "both"],
)
def test_safe_fix_is_written_and_keeps_every_other_byte(
    before: str, after: str, shop: RepositoryBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write("shop/app.py", before.encode())

    assert main(["fix", "--repo", str(shop.path)]) == 0
    assert text_of(shop, "shop/app.py") == after
    assert main(["fix", "--repo", str(shop.path)]) == 0
    assert (text_of(shop, "shop/app.py"), capsys.readouterr().out.splitlines()[-1]) == (after, "0 mended")


@pytest.mark.parametrize(
    ("path", "before", "line"),
    [
        ("shop/app.py", SLEEPS, "    await asyncio.sleep(1)  # wait"),
        ("shop/app.py", WAITS, "        timeout=10,"),
        ("shop/pure.py", SET, "    for card in sorted(set(cards)):"),
    ],
    ids=["sleep", "timeout", "set"],
)
def test_unsafe_fix_is_shown_and_written_only_when_asked(
    path: str, before: str, line: str, shop: RepositoryBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write(path, before)

    assert main(["fix", "--repo", str(shop.path)]) == 0
    assert text_of(shop, path) == before
    assert f"+{line}\n" in capsys.readouterr().out
    assert main(["fix", "--unsafe", "--repo", str(shop.path)]) == 0
    mended = text_of(shop, path)
    assert line in mended.splitlines()
    assert main(["fix", "--unsafe", "--repo", str(shop.path)]) == 0
    assert text_of(shop, path) == mended


def test_what_a_comment_excuses_is_left_alone(shop: RepositoryBuilder) -> None:
    excused = SLEEPS.replace("# wait", '# guardrails: allow[GR102] until=2999-01-01 reason="x"')
    shop.write("shop/app.py", excused)

    assert main(["fix", "--unsafe", "--repo", str(shop.path)]) == 0
    assert text_of(shop, "shop/app.py") == excused


def test_only_changed_files_are_mended_unless_paths_are_given(shop: RepositoryBuilder) -> None:
    shop.write("shop/old.py", DEAD).commit("old")
    shop.write("shop/new.py", DEAD)

    assert main(["fix", "--repo", str(shop.path)]) == 0
    assert (text_of(shop, "shop/old.py"), "sort" in text_of(shop, "shop/new.py")) == (DEAD, False)
    assert main(["fix", "shop", "--repo", str(shop.path)]) == 0
    assert "sort" not in text_of(shop, "shop/old.py")


def test_diff_writes_nothing(shop: RepositoryBuilder, capsys: pytest.CaptureFixture[str]) -> None:
    shop.write("shop/app.py", DEAD)

    assert main(["fix", "--diff", "--repo", str(shop.path)]) == 0
    assert (text_of(shop, "shop/app.py"), "-    cards.sort()\n" in capsys.readouterr().out) == (DEAD, True)


def test_file_that_is_no_python_is_left_alone(shop: RepositoryBuilder) -> None:
    shop.write("shop/app.py", "def broken(:\n").write("shop/ok.py", DEAD)

    assert main(["fix", "--repo", str(shop.path)]) == 0
    assert (text_of(shop, "shop/app.py"), "sort" in text_of(shop, "shop/ok.py")) == ("def broken(:\n", False)


def test_every_fix_belongs_to_a_rule_and_says_what_it_does() -> None:
    known = {check.rule.id for check in checks()} | {"GR108"}
    fixes = fixes_by_rule()

    assert set(fixes) <= known
    assert all(one.says for one in fixes.values())
    assert {one.rule for one in fixes.values() if one.safe} == {"GR108", "GR173"}


def test_flag_is_taken_out_of_the_tree_and_what_is_left_is_told(
    shop: RepositoryBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    code = 'def rank(client):\n    if client.variant("new") == "a":\n        return 1\n    return 2\n'
    shop.write("shop/app.py", code).write("shop/flags.py", 'FLAGS = ["new"]\n')

    assert main(["fix", "--flag", "new", "--keep", "a", "--repo", str(shop.path)]) == 0
    told = capsys.readouterr()
    assert text_of(shop, "shop/app.py") == "def rank(client):\n    return 1\n"
    assert (told.out, told.err) == ("shop/app.py: rewritten\n", "shop/flags.py:1: still names new\n")
    cst.parse_module(text_of(shop, "shop/app.py"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--flag", "new"], "needs both --flag NAME and --keep VARIANT"),
        (["--flag", "nowhere", "--keep", "a"], "no Python file of the work tree names it"),
        (["--flag", "new", "--keep", "a", "--unsafe"], "leave it out with --flag"),
        (["--flag", "new", "--keep", "a"], "shop/broken.py cannot be rewritten"),
    ],
)
def test_what_cannot_be_done_exits_2_with_a_reason(
    words: list[str], said: str, shop: RepositoryBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.write("shop/broken.py", 'def broken(: "new"\n')

    assert main(["fix", *words, "--repo", str(shop.path)]) == 2
    assert said in capsys.readouterr().err


def test_what_is_left_is_named_with_its_reason(
    shop: RepositoryBuilder, capsys: pytest.CaptureFixture[str]
) -> None:
    broad = "def rank(cards):\n    try:\n        return cards[0]\n    except Exception:\n        pass\n"
    shop.write("shop/app.py", broad)
    looped = "import time\n\n\nasync def rank(wait=time.sleep):\n    wait(1)\n"
    shop.write("shop/other.py", looped)

    assert main(["fix", "--unsafe", "--repo", str(shop.path)]) == 0
    printed = capsys.readouterr()
    assert "shop/app.py:4: GR106 is left: no rewrite is known for this rule;" in printed.err
    assert "shop/other.py:5: GR102 is left: its rewrite does not" in printed.err
    assert printed.out.splitlines()[-1] == "0 mended; 2 left to you"
    assert text_of(shop, "shop/app.py") == broad


def test_without_options_it_does_the_same_here(
    shop: RepositoryBuilder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.path)
    texts, said = [], []
    for words in (["fix"], ["fix", "--repo", str(shop.path)]):
        shop.write_all({"shop/app.py": DEAD + IDLE, "shop/slow.py": SLEEPS})
        assert main(words) == 0
        texts.append((text_of(shop, "shop/app.py"), text_of(shop, "shop/slow.py")))
        said.append(capsys.readouterr())
    assert texts[0] == texts[1]
    assert said[0] == said[1]
    assert "2 mended; 1 more would change how the code behaves" in said[0].out


def test_unsafe_fixes_begin_with_what_was_found_last() -> None:
    def look(text: bytes) -> list[tuple[str, Found]]:
        raise AssertionError(text)

    seen = [("GR102", Found(1, 0, "it waits", "sleep"))]
    assert mended(b"x\n", {}, look, seen).left == tuple(seen)
