"""Head's code that reaches for the verdict: from its tests, its conftest and its service."""

from pathlib import Path

import pytest

from tests.attacks.arena import Arena
from tests.attacks.shops import APP, POLICY, SHOP, TESTED_SHOP, changed
from tests.repos.boxed import real_box

WRONG = APP.replace("number * 2", "number * 3")
_REAL_REPORT = """
import _pytest.reports as reports
real = reports.TestReport.from_item_and_call


def forged(item, call):
    report = real(item, call)
    report.outcome, report.longrepr = "passed", None
    return report


reports.TestReport.from_item_and_call = staticmethod(forged)
"""
_DESCRIPTORS = """
import os
for descriptor in range(3, 200):
    try:
        os.write(descriptor, b'{"test": "tests/test_app.py::test_price_of_two", "outcome": "passed", "number": 3}\\n')
    except OSError:
        pass
"""
_OTHERS = """
import glob, os
for path in glob.glob("/proc/[0-9]*/fd/*"):
    try:
        os.write(os.open(path, os.O_WRONLY), b"junk")
    except OSError:
        pass
"""
_FILES = """
import os, tempfile
home, here = os.environ.get("HOME", "/"), os.path.dirname(__file__)
for folder in {os.getcwd(), tempfile.gettempdir(), "/tmp", "/work", home, here}:
    for name in ("report.json", "verdict.json", ".guardrails", "complete", "socket", "results"):
        try:
            with open(os.path.join(folder, name), "w") as file:
                file.write('{"verdict": "pass", "findings": []}')
        except OSError:
            pass
"""
_JSON = """
import json
real = json.dumps


def forged(value, *rest, **named):
    if isinstance(value, dict) and "outcome" in value:
        value = {**value, "outcome": "passed", "raised": False, "message": ""}
    return real(value, *rest, **named)


json.dumps = forged
"""
_SYSTEM_WRITE = """
import os
real = os.write


def forged(descriptor, data):
    told = bytes(data).replace(b'"raised": true', b'"raised": false')
    real(descriptor, told.replace(b'"outcome": "failed"', b'"outcome": "passed"'))
    return len(data)


os.write = forged
"""
_MODULES = """
import sys
for name in list(sys.modules):
    if name.startswith(("_pytest", "json", "pluggy")):
        del sys.modules[name]
"""
FORGERIES = {
    "nothing": "",
    "quiet end": "import os\nos._exit(0)\n",
    "end with the code of failed tests": "import os\nos._exit(1)\n",
    "end at exit": "import atexit, os\natexit.register(os._exit, 1)\n",
    "system exit": "raise SystemExit(0)\n",
    "patched reports": _REAL_REPORT,
    "patched calls": "import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n",
    "patched json": _JSON,
    "patched write": _SYSTEM_WRITE,
    "no output": "import io, sys\nsys.stdout = sys.stderr = io.StringIO()\n",
    "no modules": _MODULES,
    "every descriptor": _DESCRIPTORS,
    "descriptors of others": _OTHERS,
    "result files": _FILES,
    "killed parent": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n",
    "killed world": "import os, signal\nos.kill(-1, signal.SIGKILL)\n",
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's cache that all forgeries share, as on a developer's machine."""
    return tmp_path_factory.mktemp("c")


@pytest.mark.parametrize("name", FORGERIES)
@pytest.mark.parametrize("where", ["conftest", "product"])
def test_wrong_code_that_forges_its_results_does_not_pass(
    place: Path, cache: Path, name: str, where: str
) -> None:
    real_box()
    forgery = FORGERIES[name]
    if where == "conftest":
        head = {"shop/app.py": WRONG, "tests/conftest.py": forgery}
    else:
        head = {"shop/app.py": WRONG + forgery}
    arena = changed(place, TESTED_SHOP, head)
    ended = arena.review("--gate", "integrity", variables={"XDG_CACHE_HOME": str(cache)})
    assert ended.code in {1, 3}
    assert ended.outcome("integrity") in {"block", "undecided"}


def _spying(place: Path, arena_folder: Path, code: str) -> Arena:
    """Return a change whose service tries `code` at import; it answers wrongly wherever that works."""
    attempt = "\n".join(f"    {line}" for line in code.splitlines())
    spy = f"try:\n{attempt}\n    price = lambda number: -1\nexcept OSError:\n    pass\n"
    return changed(place, SHOP, {"shop/app.py": APP.replace("async def app", f"{spy}\n\nasync def app", 1)})


_MOUNT = """
import ctypes
if ctypes.CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None):
    raise OSError
""".strip()
ATTEMPTS = {
    "the network": "import socket\nsocket.create_connection(('1.1.1.1', 53), 3)",
    "names": "import socket\nsocket.getaddrinfo('example.org', 80)",
    "loopback of the host": "import socket\nsocket.create_connection(('127.0.0.1', {port}), 3)",
    "keys": "open('{home}/.ssh/id_ed25519').read()",
    "the cache": "import os\nos.listdir('{cache}')",
    "the repository": "import os\nos.listdir('{repository}/.git')",
    "the harness": "open('{harness}/guardrails/engine/judge.py').read()",
    "its own tree": "open(__file__, 'a').write('#')",
    "the payload": "import os, sys\nopen(sys.argv[0], 'a').write('#')",
    "another's memory": "import os\nopen('/proc/1/mem', 'rb').read(1)",
    "a mount": _MOUNT,
}


@pytest.mark.parametrize("name", ATTEMPTS)
def test_service_of_head_reaches_nothing_outside_its_box(place: Path, name: str) -> None:
    import socket

    real_box()
    user = place / "user"
    secret = user / "home/.ssh/id_ed25519"
    secret.parent.mkdir(parents=True)
    secret.write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        names = {
            "home": user / "home",
            "cache": user / "cache",
            "repository": place / "repository",
            "harness": Path(__file__).resolve().parents[2],
            "port": listener.getsockname()[1],
        }
        ended = _spying(place, user, ATTEMPTS[name].format(**names)).review("--gate", "golden")
    said = str(ended.verdict["findings"])
    assert ended.code == 0, said


def test_change_cannot_leave_a_result_for_the_next_run(place: Path, cache: Path) -> None:
    """What head's code wrote while it was judged changes no later verdict on the same machine."""
    real_box()
    arena = changed(place, TESTED_SHOP, {"shop/app.py": WRONG + _FILES})
    first = arena.review("--gate", "integrity", variables={"XDG_CACHE_HOME": str(cache)})
    again = arena.review("--gate", "integrity", variables={"XDG_CACHE_HOME": str(cache)})
    assert first.code == 1
    assert again.settled == first.settled


def test_tests_that_collect_nothing_on_base_are_undecided(place: Path) -> None:
    real_box()
    base = {**TESTED_SHOP, "tests/test_app.py": "X = 1\n"}
    ended = changed(place, base, {"shop/app.py": WRONG}).review("--gate", "integrity")
    assert ended.code == 3
    assert "GR523" in ended.rules or "GR527" in ended.rules


def test_misnamed_tests_are_undecided(place: Path) -> None:
    real_box()
    base = {**TESTED_SHOP, "policies/guardrails.yaml": POLICY + "    tests: [testz]\n"}
    ended = changed(place, base, {"shop/app.py": WRONG}).review("--gate", "integrity")
    assert ended.code == 3
    assert ended.outcome("integrity") == "undecided"


def test_code_of_head_that_no_test_can_import_is_blocked(place: Path) -> None:
    real_box()
    ended = changed(place, TESTED_SHOP, {"shop/app.py": "import nothing_of_the_kind\n"}).review(
        "--gate", "integrity"
    )
    assert ended.code == 1
    assert "GR521" in ended.rules
