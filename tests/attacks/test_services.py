"""Services that do not start, do not answer, or fight: the verdict says so and nothing stays behind."""

from pathlib import Path

import pytest

from tests.attacks.shops import APP, HARMLESS, POLICY, SHOP, changed
from tests.repos.boxed import real_box

_ANSWER = "    await receive()\n"
_IN_TWO = _ANSWER + '    if scope["path"] == "/items/2":\n        '
_COMMAND = POLICY.replace("app: shop.app:app", "command: %s\n    paths: [shop]\n    start_seconds: 2")

BROKEN_AT_ONCE = {
    "no app": ("x = 1\n", "AttributeError"),
    "syntax": ("def app(:\n", "SyntaxError"),
    "raises": ('raise RuntimeError("\\x1b[31m" + "x" * 9000)\n', "RuntimeError"),
    "exits": ("import os\nos._exit(0)\n", "ended"),
    "garbage": ("import os\nos.write(1, os.urandom(90_000))\nraise SystemExit(1)\n", "did not start"),
    "flood": ("import os\nfor _ in range(100):\n    os.write(1, b'y' * (1 << 20))\n" + APP, "output"),
    "bomb": ("import os\nwhile True:\n    os.fork()\n", "processes"),
    "memory": ("kept = []\nwhile True:\n    kept.append(bytearray(1 << 25))\n", "memory"),
    "closes everything": ("import os\nos.closerange(0, 999)\n" + APP, "shop"),
}


@pytest.mark.parametrize("name", BROKEN_AT_ONCE)
def test_service_of_head_that_does_not_start_is_undecided(place: Path, name: str) -> None:
    real_box()
    code, said = BROKEN_AT_ONCE[name]
    ended = changed(place, SHOP, {"shop/app.py": code}).review("--gate", "golden")
    assert ended.code == 3
    assert "service shop" in ended.reason("golden")
    assert said in ended.reason("golden")


_SENDS = (
    'await send({"type": "http.response.start", "status": 200, "headers": []});'
    ' await send({"type": "http.response.body", "body": %s}); return\n'
)
_JUNK = """import os
        for descriptor in range(3, 40):
            try:
                os.write(descriptor, b"\\xff" * 99)
            except OSError:
                continue
        os._exit(0)
"""
BROKEN_ON_REQUEST = {
    "dies": ("import os; os._exit(0)\n", 1, "GR404"),
    "writes junk to every descriptor": (_JUNK, 1, "GR404"),
    "is no json": (_SENDS % "b'{'", 1, "GR404"),
    "holds a number without end": (
        _SENDS % """b'{"items": [{"id": "a", "parts": {"a": 1' + b"0" * 400 + b'}}]}'""",
        4,
        "GR401",
    ),
}


@pytest.mark.parametrize("name", BROKEN_ON_REQUEST)
def test_service_of_head_that_breaks_on_a_stored_request_does_not_pass(place: Path, name: str) -> None:
    real_box()
    code, exit_code, rule = BROKEN_ON_REQUEST[name]
    app = APP.replace(_ANSWER, _IN_TWO + code)
    ended = changed(place, SHOP, {"shop/app.py": app}).review("--gate", "golden")
    assert ended.code == exit_code
    assert ended.rules == {rule}


def test_service_of_head_that_hangs_on_a_request_is_blocked(place: Path) -> None:
    real_box()
    app = APP.replace(_ANSWER, _IN_TWO + "import time; time.sleep(10_000)\n")
    ended = changed(place, SHOP, {"shop/app.py": app}).review("--gate", "golden")
    assert ended.code == 1
    assert ended.rules == {"GR404"}


BROKEN_POLICIES = {
    "module": (POLICY.replace("shop.app:app", "shop.nope:app"), "shop.nope"),
    "readiness": (POLICY.replace("/items/1", "/nope") + "    start_seconds: 2\n", "was not ready"),
    "interpreter": (POLICY + "    environment: {python: /nope/python}\n", "/nope/python"),
    "no interpreter": (POLICY + "    environment: {python: /bin/true}\n", "/bin/true"),
    "lock": (POLICY + "    environment: {lock: nope.lock}\n", "nope.lock"),
    "companions": (POLICY + "    companions: [redis]\n", "redis"),
    "program": (_COMMAND % '[nope-program, "{socket}"]', "nope-program"),
    "program that ends": (_COMMAND % '["{python}", -c, "1/0", "{socket}"]', "ended"),
    "file for a socket": (
        _COMMAND
        % """["{python}", -c, "import sys, time; open(sys.argv[1], 'w'); time.sleep(99)", "{socket}"]""",
        "not a socket",
    ),
    "link for a socket": (
        _COMMAND
        % """["{python}", -c, "import os, sys, time; os.symlink('/run/x', sys.argv[1]); time.sleep(99)", "{socket}"]""",
        "was not ready",
    ),
}


@pytest.mark.parametrize("name", BROKEN_POLICIES)
def test_service_that_policy_describes_wrongly_is_undecided_with_the_place(place: Path, name: str) -> None:
    real_box()
    policy, said = BROKEN_POLICIES[name]
    ended = changed(place, {**SHOP, "policies/guardrails.yaml": policy}).review("--gate", "golden")
    assert ended.code == 3
    assert said in ended.reason("golden")


def test_service_that_never_becomes_ready_is_undecided(place: Path) -> None:
    real_box()
    policy = POLICY + "    start_seconds: 2\n"
    base = {**SHOP, "shop/app.py": "import time\ntime.sleep(10_000)\n", "policies/guardrails.yaml": policy}
    ended = changed(place, base).review("--gate", "golden")
    assert ended.code == 3
    assert "within 2 s" in ended.reason("golden")


def test_failed_answer_of_base_is_not_remembered(place: Path) -> None:
    """Base that could not answer once, on a bad day, must be asked again the next time."""
    real_box()
    app = APP.replace(_ANSWER, _IN_TWO + "import os; os._exit(0)\n")
    arena = changed(place, {**SHOP, "shop/app.py": app})
    ended = arena.review("--gate", "golden")
    assert ended.code == 3
    assert "closed without an answer" in ended.reason("golden")
    stored = [path for path in (place / "user/cache").rglob("*") if path.is_file()]
    assert not any(b"without an answer" in path.read_bytes() for path in stored)


@pytest.mark.parametrize("line", ["root: nowhere", "paths: [shpo]"])
def test_service_whose_files_policy_misnames_is_not_passed_over(place: Path, line: str) -> None:
    policy = POLICY + f"    {line}\n"
    ended = changed(place, {**SHOP, "policies/guardrails.yaml": policy}, HARMLESS).review()
    assert ended.code == 4
    assert "GR005" in ended.rules


def test_package_outside_the_allow_list_is_not_installed(place: Path) -> None:
    real_box()
    hashed = "idna==3.10 --hash=sha256:" + "a" * 64 + "\n"
    base = {
        **SHOP,
        "shop.lock": "",
        "policies/guardrails.yaml": POLICY + "    environment: {lock: shop.lock}\n    lock: shop.lock\n",
        "policies/dependencies.yaml": "allow: [anyio]\n",
    }
    ended = changed(place, base, {"shop.lock": hashed}).review("--gate", "golden")
    assert ended.code == 3
    assert "idna==3.10" in ended.reason("golden")
    assert "not installed" in ended.reason("golden")
