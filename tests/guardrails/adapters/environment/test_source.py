import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from guardrails.adapters.environment.source import Environments
from guardrails.model.errors import EnvironmentFailure
from guardrails.model.policy import EnvironmentSource, Service
from guardrails.model.ports import Request
from tests.guardrails.adapters.rooms import room
from tests.repos.memory import MemoryTree

BY_LOCK = Service("web", (".",), environment=EnvironmentSource(lock="requirements.lock"))


def by_python(path: str | Path) -> Service:
    return Service("web", (".",), app="web:app", environment=EnvironmentSource(python=str(path)))


def environments(folder: Path, base: MemoryTree, allowed: tuple[str, ...] = ()) -> Environments:
    return Environments(folder, base, folder / "environments", folder, allowed)


def wheel(folder: Path, name: str, version: str, value: str) -> str:
    """Write a wheel with one module and return its line of a lock file."""
    folder.mkdir(exist_ok=True)
    path, info = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"value = {value!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for member, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{member},sha256={digest},{len(text)}\n"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in {**files, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            archive.writestr(zipfile.ZipInfo(member), text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return tmp_path / "wheels"


def value_in(python: Path, module: str) -> str:
    return subprocess.check_output(
        [python, "-c", f"import {module}; print({module}.value)"], text=True
    ).strip()


def test_without_a_word_of_policy_our_own_interpreter_serves(tmp_path: Path) -> None:
    found = environments(tmp_path, MemoryTree()).interpreter(Service("web", ()), MemoryTree())
    assert found.python == Path(sys.executable)
    assert found.source == "the harness's own interpreter"
    assert Path(sys.prefix) in found.readable
    binary = found.python.resolve()
    assert any(binary.is_relative_to(folder) for folder in found.readable)


def test_an_editable_install_of_the_project_does_not_shadow_the_checkout(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", repository / ".venv"], check=True)
    packages = next((repository / ".venv" / "lib").glob("python*/site-packages"))
    (repository / "web.py").write_text("raise SystemExit('the work tree was imported')")
    (packages / "editable.pth").write_text(f"{repository}\n")
    code = """
import sys
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200})
    await send({"type": "http.response.body", "body": (__file__ + " " + sys.prefix).encode()})
"""
    with room(tmp_path, {"web.py": code}) as made:
        laboratory = replace(made.laboratory, repository=repository)
        service = by_python(".venv/bin/python")
        found = laboratory.interpreter(service, made.tree)
        with laboratory.serve(service, made.tree) as server:
            place, prefix = server.request(Request("GET", "/")).body.decode().split()
        checkout = laboratory.checkout(made.tree)
    assert Path(place) == checkout / "web.py"
    assert Path(prefix) == repository / ".venv"
    assert repository / ".venv" in found.readable
    assert not any(folder == repository or repository.is_relative_to(folder) for folder in found.readable)
    assert found.source == ".venv/bin/python, named by policy"


def test_what_is_installed_changes_the_digest(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    service = by_python("venv/bin/python")
    first = environments(tmp_path, MemoryTree()).interpreter(service, MemoryTree())
    packages = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    (packages / "thing-1.0.dist-info").mkdir()
    (packages / "thing-1.0.dist-info" / "RECORD").write_text("thing.py,,\n")
    second = environments(tmp_path, MemoryTree()).interpreter(service, MemoryTree())
    assert first.digest != second.digest


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (None, "does not exist or cannot be run"),
        ("#!/bin/sh\necho hello", "does not behave as a Python interpreter"),
        ('#!/bin/sh\necho \'["/x", "/", "/", "3.8.1 (x)", "c", "linux"]\'', "at least 3.9 is needed"),
        ("#!/absent", "does not exist or cannot be run"),
    ],
)
def test_what_is_no_interpreter_is_named_with_a_remedy(tmp_path: Path, script: str | None, told: str) -> None:
    if script is not None:
        (tmp_path / "python").write_text(script)
        (tmp_path / "python").chmod(0o755)
    with pytest.raises(EnvironmentFailure, match=f"{tmp_path}/python .*{told}.*correct `environment.python`"):
        environments(tmp_path, MemoryTree()).interpreter(by_python("python"), MemoryTree())


def test_an_interpreter_that_a_change_could_replace_is_refused(tmp_path: Path) -> None:
    head = MemoryTree({"venv/lib/sitecustomize.py": "", "tools/python": ""})
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "pyvenv.cfg").write_text("")
    for named in ("venv/bin/python", "tools/python", tmp_path / "tools" / "python"):
        with pytest.raises(EnvironmentFailure, match="is a tracked file"):
            environments(tmp_path, MemoryTree()).interpreter(by_python(named), head)


def test_a_lock_is_built_once_and_head_gets_only_what_base_allows(tmp_path: Path, wheels: Path) -> None:
    old, new = wheel(wheels, "thing", "1.0", "old"), wheel(wheels, "thing", "2.0", "new")
    base, head = MemoryTree({"requirements.lock": old}), MemoryTree({"requirements.lock": new})
    found = environments(tmp_path, base)
    first = found.interpreter(BY_LOCK, base)
    assert value_in(first.python, "thing") == "old"
    assert first.source == "built from requirements.lock"
    with pytest.raises(EnvironmentFailure, match=r"adds or changes thing==2.0.*policies/dependencies.yaml"):
        found.interpreter(BY_LOCK, head)
    second = environments(tmp_path, base, ("thing",)).interpreter(BY_LOCK, head)
    assert value_in(second.python, "thing") == "new"
    mark = first.python.stat().st_ino
    again = environments(tmp_path, base).interpreter(BY_LOCK, base)
    assert (again, again.python.stat().st_ino) == (first, mark)
    with pytest.raises(EnvironmentFailure, match=r"head has no file requirements.lock"):
        found.interpreter(BY_LOCK, MemoryTree({"x": ""}))


def test_a_package_whose_hash_differs_is_not_installed(tmp_path: Path, wheels: Path) -> None:
    line = wheel(wheels, "thing", "1.0", "good")
    wheel(wheels, "thing", "1.0", "evil")
    base = MemoryTree({"requirements.lock": line})
    for _ in range(2):
        with pytest.raises(
            EnvironmentFailure, match=r"requirements.lock: its packages cannot be installed: .*HASH"
        ):
            environments(tmp_path, base).interpreter(BY_LOCK, base)


def test_a_build_that_was_killed_is_begun_anew_and_two_builders_share_one(
    tmp_path: Path, wheels: Path
) -> None:
    base = MemoryTree({"requirements.lock": ""})
    place = environments(tmp_path, base).interpreter(BY_LOCK, base).python.parent.parent.parent
    (place / "complete").unlink()
    (place / "venv" / "half").mkdir()
    (place / "requirements.txt").unlink()
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                found = environments(tmp_path, base).interpreter(BY_LOCK, base)
                code = 0 if found.python.exists() and not (place / "venv" / "half").exists() else 2
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]
    assert sorted(one.name for one in place.iterdir()) == ["complete", "requirements.txt", "venv"]
