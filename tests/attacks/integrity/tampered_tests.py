"""Changes that make tests say less; each must be stopped by the rule it names."""

from tests.attacks.integrity.cases import (
    BASE,
    CODE,
    CODE2,
    REVIEW,
    TEST,
    UNITTEST,
    Case,
    T,
    edited,
    files,
    tests,
)

ORDER = "def test_order():"

CASES = (
    tests("skip mark", edited(ORDER, "@pytest.mark.skip(reason='flaky')\n" + ORDER), "GR502"),
    tests(
        "skip by alias",
        edited("import pytest\n", "import pytest\nlater = pytest.mark.skip\n").replace(
            ORDER, "@later\n" + ORDER
        ),
        "GR502",
    ),
    tests(
        "imported mark",
        edited("import pytest\n", "import pytest\nfrom pytest import mark\n").replace(
            ORDER, "@mark.xfail\n" + ORDER
        ),
        "GR502",
    ),
    tests("skipif True", edited(ORDER, "@pytest.mark.skipif(True, reason='x')\n" + ORDER), "GR502"),
    tests("skip call", edited(ORDER, ORDER + "\n    pytest.skip('later')"), "GR502"),
    tests(
        "module skip",
        edited("import pytest\n", "import pytest\npytest.skip('x', allow_module_level=True)\n"),
        "GR502",
    ),
    tests(
        "module mark", edited("import pytest\n", "import pytest\npytestmark = pytest.mark.skip\n"), "GR502"
    ),
    tests(
        "unittest expectedFailure",
        edited("    def test_order", "    @unittest.expectedFailure\n    def test_order", UNITTEST),
        "GR502",
        base=UNITTEST,
    ),
    tests(
        "__test__ switched off",
        edited(
            "class RankTest(unittest.TestCase):",
            "class RankTest(unittest.TestCase):\n    __test__ = False",
            UNITTEST,
        ),
        "GR502",
        base=UNITTEST,
    ),
    tests(
        "skip under a condition that always holds",
        edited(ORDER, "@pytest.mark.skipif(len('a') == 1, reason='x')\n" + ORDER),
        "GR502",
        REVIEW,
    ),
    Case(
        "autouse fixture skips",
        BASE,
        {
            **BASE,
            "tests/conftest.py": "import pytest\n@pytest.fixture(autouse=True)\ndef quick():\n    pytest.skip('x')\n",
            "app/rank.py": CODE2,
        },
        "GR502",
    ),
    tests(
        "body emptied",
        edited('    assert result == ["a", "b"]\n    assert len(result) == 2\n', "    pass\n"),
        "GR503",
    ),
    tests("early return", edited(ORDER, ORDER + "\n    return"), "GR503"),
    tests(
        "assert True",
        edited('assert result == ["a", "b"]\n    assert len(result) == 2', "assert True"),
        "GR503",
    ),
    tests(
        "or True",
        edited('result == ["a", "b"]', 'result == ["a", "b"] or True').replace(
            "len(result) == 2", "len(result) >= 0"
        ),
        "GR503",
    ),
    tests(
        "assert a tuple",
        edited('assert result == ["a", "b"]', 'assert (result == ["a", "b"], "order")').replace(
            "    assert len(result) == 2\n", ""
        ),
        "GR503",
    ),
    tests(
        "compared with itself",
        edited('result == ["a", "b"]', "result == result").replace("len(result) == 2", "result is result"),
        "GR503",
    ),
    tests(
        "swallowed",
        edited(
            '    assert result == ["a", "b"]\n    assert len(result) == 2\n',
            '    try:\n        assert result == ["a", "b"]\n'
            "        assert len(result) == 2\n    except AssertionError:\n        pass\n",
        ),
        "GR503",
    ),
    tests(
        "suppressed",
        edited(
            '    assert result == ["a", "b"]\n    assert len(result) == 2\n',
            '    with __import__("contextlib").suppress(AssertionError):\n        assert result == ["a", "b"]\n',
        ).replace('__import__("contextlib").', "contextlib."),
        "GR503",
    ),
    tests(
        "if False",
        edited(
            '    assert result == ["a", "b"]\n    assert len(result) == 2\n',
            '    if False:\n        assert result == ["a", "b"]\n        assert len(result) == 2\n',
        ),
        "GR503",
    ),
    tests(
        "looped over nothing",
        edited(
            '    assert result == ["a", "b"]\n    assert len(result) == 2\n',
            '    for _ in ():\n        assert result == ["a", "b"]\n',
        ),
        "GR503",
    ),
    tests("shadowed by a second definition", TEST + "\n\ndef test_order():\n    rank('ann', [])\n", "GR503"),
    tests("weaker operator", edited('result == ["a", "b"]', "result is not None"), "GR503", REVIEW),
    tests("equality to membership", edited('result == ["a", "b"]', '"a" in result'), "GR503", REVIEW),
    tests(
        "assertion under a condition",
        edited("    assert len(result) == 2", "    if result:\n        assert len(result) == 2"),
        "GR503",
        REVIEW,
    ),
    tests("one of two removed", edited("    assert len(result) == 2\n", ""), "GR503", REVIEW),
    tests(
        "broader exception",
        edited('self.assertRaisesRegex(ValueError, "no tracks")', "self.assertRaises(Exception)", UNITTEST),
        "GR503",
        REVIEW,
        base=UNITTEST,
    ),
    tests("value rewritten", edited('== ["a", "b"]', '== ["b", "a"]'), "GR504", REVIEW),
    tests(
        "value rewritten through a name",
        edited('    assert result == ["a", "b"]', '    wanted = ["b", "a"]\n    assert result == wanted'),
        "GR504",
        REVIEW,
    ),
    tests("tolerance widened", edited("rel=1e-6", "rel=0.5"), "GR504"),
    tests("tolerance added", edited("rel=1e-6", "rel=1e-6, abs=10"), "GR504"),
    tests(
        "exact became approximate",
        edited("assert len(result) == 2", "assert len(result) == pytest.approx(2, abs=2)"),
        "GR504",
    ),
    tests("test removed", TEST.split("\n\ndef test_score", maxsplit=1)[0], "GR501", REVIEW),
    Case("file deleted", BASE, {"app/rank.py": CODE2}, "GR505"),
    Case(
        "file renamed out of collection", BASE, {"app/rank.py": CODE2, "tests/rank_checks.py": TEST}, "GR505"
    ),
    Case("file renamed to text", BASE, {"app/rank.py": CODE2, "tests/test_rank.py.bak": TEST}, "GR505"),
    tests("function renamed", edited("def test_order", "def xtest_order"), "GR505"),
    tests(
        "class no longer collected",
        edited("class RankTest(unittest.TestCase)", "class RankChecks", UNITTEST),
        "GR505",
        base=UNITTEST,
    ),
    Case(
        "lookup table",
        {"app/rank.py": CODE, T: TEST.replace('"ann"', '"user_ann"').replace('"bob"', '"user_bob"')},
        {
            "app/rank.py": CODE + "\n_KNOWN = {'user_ann': 'track_a', 'user_bob': 'track_b'}\n\n"
            "def known(user):\n    return _KNOWN.get(user)\n",
            T: TEST.replace('"ann"', '"user_ann"').replace('"bob"', '"user_bob"'),
        },
        "GR512",
        REVIEW,
    ),
    Case(
        "match on the input",
        {"app/rank.py": CODE, T: TEST.replace('"ann"', '"user_ann"').replace('"a"', '"track_a"')},
        {
            "app/rank.py": CODE.replace(
                "    return",
                "    match user:\n        case 'user_ann':\n            return ['track_a']\n    return",
            ),
            T: TEST.replace('"ann"', '"user_ann"').replace('"a"', '"track_a"'),
        },
        "GR512",
    ),
    files(
        "always equal",
        "app/x.py",
        "",
        "class A:\n    def __eq__(self, other):\n        return True\n",
        "GR512",
    ),
    Case(
        "unit patched",
        BASE,
        {
            "app/rank.py": CODE2,
            T: edited(
                "def test_order():",
                "def test_order(monkeypatch):\n"
                "    monkeypatch.setattr('app.rank.sorted', lambda t: ['a', 'b'], raising=False)",
            ),
        },
        "GR519",
        REVIEW,
    ),
    tests("unparsable test file", TEST + "\ndef test_x(:\n", "GR528", REVIEW),
    tests(
        "parametrized over nothing",
        edited(ORDER, "@pytest.mark.parametrize('n', [])\ndef test_order(n):"),
        "GR502",
    ),
    tests(
        "turned into a generator",
        edited("    assert len(result) == 2\n", "    assert len(result) == 2\n    yield\n"),
        "GR502",
    ),
    tests(
        "compared with constants",
        edited('result == ["a", "b"]', "1 == 1").replace("len(result) == 2", "bool('x')"),
        "GR503",
    ),
    tests(
        "defined under if False",
        edited(
            "def test_order():\n", "if False:\n  def test_order():\n", TEST.replace("\n    ", "\n      ")
        ).replace("\n      assert rank", "\n    assert rank"),
        "GR501",
        REVIEW,
    ),
    tests(
        "wrapped by a decorator that calls nothing",
        edited(ORDER, "def quiet(test):\n    return lambda: None\n\n\n@quiet\n" + ORDER),
        "GR503",
        REVIEW,
    ),
)
