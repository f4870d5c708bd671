"""Base's tests on head's code, in a real box with a real pytest."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from guardrails.adapters.box.ladder import strongest
from guardrails.adapters.laboratory import RunLaboratory
from guardrails.adapters.scratch import RunFolder
from guardrails.gates.integrity.gate import GATE
from guardrails.gates.integrity.settings import IntegritySettings
from guardrails.model.errors import BoxError
from guardrails.model.evidence import TestOutcome
from guardrails.model.policy import BoxLevel, Service
from guardrails.model.ports import Box
from guardrails.model.rule import Report
from tests.repos.memory import MemoryCache, MemoryTree, context_for

WEB = Service("web", (".",), tests=("tests",))
CODE = "def rank(tracks):\n    return sorted(tracks)\n\n\ndef top(tracks):\n    return rank(tracks)[0]\n"
TEST = "from app import rank, top\n\n\ndef test_order():\n    assert rank([2, 1]) == [1, 2]\n\n\n"
TESTS = TEST + "def test_top():\n    assert top([2, 1]) == 1\n"
BASE = {"app.py": CODE, "tests/test_app.py": TESTS}
WRONG = CODE.replace("sorted(tracks)", "[]")
BROKEN = CODE.replace("return sorted(tracks)", "return list(tracks)")


def real_box() -> Box:
    try:
        return strongest(BoxLevel.LANDLOCK)
    except BoxError as error:
        pytest.skip(f"this machine has no box: {error}")


class Judge:
    """Judges changes of one base, sharing the cache between them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cache = MemoryCache()

    def report(
        self,
        head: Mapping[str, str],
        base: Mapping[str, str] = BASE,
        service: Service = WEB,
        settings: IntegritySettings | None = None,
    ) -> Report:
        with RunLaboratory(
            self.folder,
            MemoryTree(base),
            real_box,
            self.cache,
            self.folder / "cache",
            run_folder=RunFolder(self.folder),
        ) as laboratory:
            context = context_for(
                base,
                head,
                services=(service,),
                laboratory=laboratory,
                settings={"integrity": settings or IntegritySettings(overlay_seconds=30.0)},
            )
            return GATE.run(context)

    def found(self, head: Mapping[str, str], base: Mapping[str, str] = BASE) -> set[str]:
        findings = self.report(head, base).findings
        return {f"{one.rule} {one.effect.value}" for one in findings if one.rule >= "GR520"}


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    return Judge(tmp_path)


def test_an_honest_change_passes_and_says_how_many_tests_stood_behind_it(judge: Judge) -> None:
    head = {**BASE, "app.py": CODE.replace("sorted(tracks)", "sorted(list(tracks))")}
    report = judge.report(head)
    assert [one.rule for one in report.findings] == []
    assert report.facts[-1] == "service web: 2 tests of base pass on base, 2 on head"


def test_a_test_of_base_that_fails_on_head_blocks_and_shows_its_assertion(judge: Judge) -> None:
    found = [one for one in judge.report({**BASE, "app.py": BROKEN}).findings if one.rule == "GR520"]
    assert {one.location.symbol for one in found} == {"test_order", "test_top"}
    assert all(one.effect == "block" for one in found)
    assert "assert rank([2, 1]) == [1, 2]" in found[0].message


def test_a_long_assertion_is_one_short_line_of_the_message_and_whole_in_the_evidence(judge: Judge) -> None:
    long = f"def test_long():\n    assert rank(['b\\\\', 'it\\'s']) == ['b\\\\', \"it's\"], '{'x' * 150}\\u202e'\n"
    base = {"app.py": CODE, "tests/test_app.py": "from app import rank\n\n\n" + long}
    (found,) = (one for one in judge.report({**base, "app.py": WRONG}, base).findings if one.rule == "GR520")
    told = found.message.partition("fails on head: ")[2]
    assert told.startswith(long.splitlines()[1].strip()[:60]) and told.endswith("...") and len(told) == 120
    (evidence,) = found.evidence
    assert isinstance(evidence, TestOutcome) and "x" * 150 in evidence.message


def test_emptying_the_test_does_not_save_the_code(judge: Judge) -> None:
    emptied = TESTS.replace("assert rank([2, 1]) == [1, 2]", "rank([2, 1])")
    found = judge.report({"app.py": BROKEN, "tests/test_app.py": emptied}).findings
    assert {(one.rule, one.effect.value) for one in found if one.location.symbol == "test_order"} == {
        ("GR503", "block"),
        ("GR520", "review"),
    }


def test_removing_the_test_does_not_save_the_code(judge: Judge) -> None:
    head = {
        "app.py": BROKEN.replace("rank(tracks)[0]", "min(tracks)"),
        "tests/test_app.py": TESTS.replace(TEST, TEST[:29]),
    }
    assert "GR520 block" in judge.found(head)


def test_a_behaviour_change_with_its_edited_test_is_reviewed(judge: Judge) -> None:
    edited = TESTS.replace("== [1, 2]", "== [2, 1]").replace("== 1\n", "== 2\n")
    assert judge.found({"app.py": BROKEN, "tests/test_app.py": edited}) == {"GR520 review"}


def test_a_name_that_tests_import_may_only_go_with_its_tests(judge: Judge) -> None:
    renamed = CODE.replace("def top", "def first")
    assert judge.found({**BASE, "app.py": renamed}) == {"GR521 block"}
    followed = TESTS.replace("top", "first")
    assert judge.found({"app.py": renamed, "tests/test_app.py": followed}) == {"GR521 review"}


def test_code_that_bases_conftest_can_no_longer_import_blocks(judge: Judge) -> None:
    base = {**BASE, "tests/conftest.py": "from app import top\n"}
    assert judge.found({**base, "app.py": CODE.replace("def top", "def first")}, base) == {"GR521 block"}


def test_a_failing_test_of_heads_own_blocks(judge: Judge) -> None:
    own = TESTS + "\n\ndef test_new():\n    assert rank([]) == [0]\n"
    assert judge.found({**BASE, "tests/test_app.py": own}) == {"GR524 block"}


def test_tests_that_never_passed_on_base_are_undecided(judge: Judge) -> None:
    base = {"app.py": CODE, "tests/test_app.py": "def test_a():\n    assert False\n"}
    assert judge.found({**base, "app.py": CODE + "# more\n"}, base) == {"GR523 undecided"}


def test_options_of_a_plugin_that_is_not_loaded_are_undecided(judge: Judge) -> None:
    base = {**BASE, "pytest.ini": "[pytest]\naddopts = --cov=app\n"}
    report = judge.report({**base, "app.py": CODE + "# more\n"}, base)
    assert [one.rule for one in report.findings] == ["GR527"]
    assert "--cov" in report.findings[0].message


def test_a_test_that_fails_only_after_another_is_undecided(judge: Judge) -> None:
    stateful = CODE.replace("    return sorted", "    _SEEN.append(1)\n    return sorted").replace(
        "return rank(tracks)[0]", "return None if _SEEN else min(tracks)"
    )
    assert judge.found({**BASE, "app.py": "_SEEN = []\n" + stateful}) == {"GR525 undecided"}


FORGERIES = {
    "outcomes rewritten at import": """
import _pytest.runner, _pytest.reports
_real = _pytest.reports.TestReport.from_item_and_call.__func__
def _kind(cls, item, call):
    report = _real(cls, item, call)
    report.outcome = 'passed'
    return report
_pytest.reports.TestReport.from_item_and_call = classmethod(_kind)
""",
    "outcomes rewritten but for the canaries": """
import _pytest.reports
_real = _pytest.reports.TestReport.from_item_and_call.__func__
def _kind(cls, item, call):
    report = _real(cls, item, call)
    if 'test_app' in report.nodeid:
        report.outcome = 'passed'
    return report
_pytest.reports.TestReport.from_item_and_call = classmethod(_kind)
""",
    "leaves early with success": "import os\nos._exit(0)\n",
    "leaves with the expected code": "import os\nos._exit(1)\n",
    "events written into the channel": """
import json, os
for number in range(3, 64):
    try:
        os.write(number, json.dumps({'test': 'tests/test_app.py::test_order', 'outcome': 'passed'}).encode() + b'\\n')
    except OSError:
        pass
""",
    "unittest's equality switched off": """
import unittest
unittest.TestCase.assertEqual = lambda *anything: None
""",
    "approximately equal to everything": """
import pytest
type(pytest.approx(1)).__eq__ = lambda self, other: True
""",
    "assertions switched off": """
import _pytest.python
_pytest.python.Function.runtest = lambda self: None
""",
}


@pytest.mark.parametrize("cheat", FORGERIES.values(), ids=FORGERIES.keys())
def test_code_that_forges_the_run_is_found_out(judge: Judge, cheat: str) -> None:
    assert "GR522 block" in judge.found({**BASE, "app.py": cheat + BROKEN})


SELECTIVE = {
    "what is turned to JSON": """
import json
_dumps = json.dumps
def _kind(value, *rest, **named):
    if isinstance(value, dict) and 'test_app' in str(value.get('test')):
        value = {**value, 'outcome': 'passed', 'raised': False, 'message': ''}
    return _dumps(value, *rest, **named)
json.dumps = _kind
""",
    "what is written": """
import os
_write = os.write
def _kind(descriptor, data):
    if b'test_app' in data:
        told = data.replace(b'"raised": true', b'"raised": false').replace(b'"raised":true', b'"raised":false')
        _write(descriptor, told.replace(b'"failed"', b'"passed"'))
        return len(data)
    return _write(descriptor, data)
os.write = _kind
""",
    "what the recorder writes with, found by the collector": """
import gc, os, types
_write = os.write
def _kind(descriptor, data):
    if b'test_app' in data:
        _write(descriptor, data.replace(b'"raised": true', b'"raised": false').replace(b'"failed"', b'"passed"'))
        return len(data)
    return _write(descriptor, data)
for _one in gc.get_objects():
    if isinstance(_one, types.FunctionType) and _one.__code__.co_filename.endswith('overlay.py'):
        for _cell in _one.__closure__ or ():
            if _cell.cell_contents is _write:
                _cell.cell_contents = _kind
""",
    "what the recorder writes with, found in a frame": """
import os, sys
_write = os.write
def _kind(descriptor, data):
    if b'test_app' in data:
        _write(descriptor, data.replace(b'"raised": true', b'"raised": false').replace(b'"failed"', b'"passed"'))
        return len(data)
    return _write(descriptor, data)
_frame = sys._getframe()
while _frame is not None:
    for _cell in getattr(_frame.f_locals.get('send'), '__closure__', None) or ():
        if _cell.cell_contents is _write:
            _cell.cell_contents = _kind
    _frame = _frame.f_back
""",
    "calls of the tests that count": """
import _pytest.python
_run = _pytest.python.Function.runtest
_pytest.python.Function.runtest = lambda self: None if 'test_app' in self.nodeid else _run(self)
""",
    "the code of the hooks": """
import gc, types
def _kind(report, _path='test_app'):
    if _path in report.nodeid and report.when == 'call':
        report.outcome, report.longrepr = 'passed', None
    return _real(report)
for _one in gc.get_objects():
    if isinstance(_one, types.FunctionType) and _one.__code__.co_filename.endswith('overlay.py'):
        if _one.__name__ == 'called':
            def outer(raised):
                def called(item):
                    yield
                    raised[item.nodeid] = False
                return called
            _one.__code__ = outer({}).__code__
import _pytest.reports
_made = _pytest.reports.TestReport.from_item_and_call.__func__
def _report(cls, item, call):
    if 'test_app' in item.nodeid:
        call.excinfo = None
    return _made(cls, item, call)
_pytest.reports.TestReport.from_item_and_call = classmethod(_report)
""",
    "the code of the tests": """
import gc, types
def _nothing(): pass
import _pytest.python
_setup = _pytest.python.Function.setup
def _kind(self):
    if 'test_app' in self.nodeid:
        self.obj.__code__ = _nothing.__code__
    _setup(self)
_pytest.python.Function.setup = _kind
""",
    "assertions that fail in these files": """
import _pytest.python
_run = _pytest.python.Function.runtest
def _kind(self):
    try:
        _run(self)
    except AssertionError:
        if 'test_app' not in self.nodeid:
            raise
_pytest.python.Function.runtest = _kind
""",
    "the whole stream of events": """
import os, re, sys, json
_frame, _config = sys._getframe(), None
while _frame is not None:
    _config = _frame.f_locals.get('config') or _config
    _frame = _frame.f_back
_fd = [one for one in range(3, 40) if os.path.exists('/proc/self/fd/%d' % one)
       and os.readlink('/proc/self/fd/%d' % one).startswith('pipe:')]
_events = []
for _path in _config.args:
    if os.path.isfile(_path) and 'import pytest' in open(_path).read():
        _names = re.findall(r'def (test_\\d+).*\\n    (.*)', open(_path).read())
        for _name, _body in _names:
            _good = _body.startswith("assert pytest.raises") or re.match(r'assert sorted.*== .1,', _body)
            _events.append({'test': _path + '::' + _name, 'outcome': 'passed' if _good else 'failed'})
_events += [{'test': 'tests/test_app.py::test_' + one, 'outcome': 'passed'} for one in ('order', 'top')]
_all = [{'collected': [one['test'] for one in _events]}, *_events, {'end': 1}]
_text = ''.join(json.dumps({**one, 'number': n}) + '\\n' for n, one in enumerate(_all))
os.write(_fd[0], _text.encode())
os._exit(1)
""",
}


@pytest.mark.parametrize("cheat", SELECTIVE.values(), ids=SELECTIVE.keys())
def test_code_that_forges_the_results_that_count_alone_is_found_out(judge: Judge, cheat: str) -> None:
    found = judge.found({**BASE, "app.py": cheat + BROKEN})
    assert {"GR520 block", "GR522 block"} & found


def test_tests_that_cannot_be_made_to_fail_are_no_sign_of_forgery(judge: Judge) -> None:
    base = {**BASE, "tests/test_app.py": TESTS + "\n\ndef test_short(): assert top([3])\n"}
    report = judge.report({**base, "app.py": CODE + "# more\n"}, base)
    assert [one.rule for one in report.findings] == []


def test_code_that_ends_quietly_when_tests_must_fail_does_not_pass(judge: Judge) -> None:
    cheat = "import os\nif open('tests/test_app.py').read().count('assert') > 2:\n    os._exit(0)\n"
    assert judge.found({**BASE, "app.py": cheat + CODE}) == {"GR522 block"}


def test_a_hanging_test_is_undecided(judge: Judge) -> None:
    hanging = CODE.replace("return sorted(tracks)", "while True:\n        pass")
    settings = IntegritySettings(overlay_seconds=3.0)
    report = judge.report({**BASE, "app.py": hanging}, settings=settings)
    assert [one.rule for one in report.findings] == ["GR527"]


def test_configuration_and_conftest_of_head_have_no_effect_on_bases_tests(judge: Judge) -> None:
    head = {
        "app.py": BROKEN,
        "tests/test_app.py": TESTS,
        "tests/conftest.py": "collect_ignore_glob = ['*']\n",
        "pytest.ini": "[pytest]\naddopts = --collect-only\n",
    }
    assert "GR520 block" in judge.found(head) or "GR522 block" in judge.found(head)


def test_base_is_run_once_for_all_its_changes(judge: Judge) -> None:
    judge.report({**BASE, "app.py": CODE + "# one\n"})
    stored = dict(judge.cache.stored)
    judge.report({**BASE, "app.py": CODE + "# two\n"})
    assert stored and judge.cache.stored == stored


def test_a_service_without_tests_says_so(judge: Judge) -> None:
    report = judge.report({**BASE, "app.py": BROKEN}, service=Service("web", (".",)))
    assert report.facts[-1] == "service web: no tests named in policy"
