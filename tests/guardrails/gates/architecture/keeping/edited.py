"""A package that is generated from a seed, and edits of it, as a person or an agent may make them."""

from collections.abc import Callable
from random import Random

POLICY = "policies/architecture.yaml"
SINKS = (
    "time.sleep(1)",
    "requests.get('https://a.example')",
    "httpx.get('https://a.example')",
    "open('x').read()",
    "json.loads('{}')",
    "subprocess.run(['true'])",
    "threading.Thread(target=print).start()",
    "random.random()",
    "httpx.AsyncClient()",
    "None",
)
POLICIES = (
    "{}",
    "pure: [shop/m1.py, shop/m2.py]\n",
    "guarded: [shop]\n",
    "exempt: {GR102: [shop/m3.py]}\n",
    "blocking: [json.loads]\n",
    "deadlines: [asyncio.timeout]\n",
    "plain_endpoints: 2\n",
)
ALIASES = ("requests.get", "time.sleep", "httpx.AsyncClient", "asyncio.gather")
HEAD = (
    "import asyncio, functools, json, random, subprocess, threading, time\n"
    "import httpx, requests\n"
    "from fastapi import APIRouter, Depends, FastAPI\n"
)
ALLOWED = '  # guardrails: allow[GR102] until=2027-01-01 reason="known"'

Files = dict[str, str]


def package(random: Random, size: int) -> Files:
    """Return the files of a package of `size` modules."""
    files = {"shop/__init__.py": "", POLICY: random.choice(POLICIES)}
    for number in range(size):
        files[path_of(random, number)] = module(random, size)
    return files


def path_of(random: Random, number: int) -> str:
    return f"shop/{'' if number % 4 else 'sub/'}m{number}.py"


def module(random: Random, size: int) -> str:
    """Return the text of a module that imports, defines, calls, inherits and re-exports."""
    known = ["f0", "f1", "self.run"]
    lines = [HEAD]
    bases = ["object"]
    for number in random.sample(range(size), 4):
        name = f"shop.{'' if number % 4 else 'sub.'}m{number}"
        what = f"f{random.randrange(4)}"
        line, names, base = random.choice(
            (
                (f"from {name} import {what} as x{number}", [f"x{number}"], ""),
                (f"from {name} import alias as x{number}", [f"x{number}"], ""),
                (f"import {name} as n{number}", [f"n{number}.{what}", f"n{number}.alias"], f"n{number}.Base"),
                (f"from {name} import *", [what, "alias"], ""),
                (f"from {name} import Base as B{number}", [f"B{number}().run", f"B{number}"], f"B{number}"),
                (
                    f"from {name.rpartition('.')[0]} import {name.rpartition('.')[2]} as n{number}",
                    [f"n{number}.{what}", f"n{number}.Base().run"],
                    f"n{number}.Base",
                ),
            )
        )
        lines.append(line)
        known += names
        bases += [base] if base else []
    lines += ["app = FastAPI()", f"alias = {random.choice((*known, *ALIASES))}", "STATE = {}"]
    for number in range(4):
        lines += function(random, f"f{number}", known)
    lines += [f"class Base({random.choice(bases)}):"]
    lines += [f"    {line}" for line in function(random, "run", known, "self")]
    lines += [f"    {line}" for line in function(random, "__init__", known, "self")]
    return "\n".join(lines) + "\n"


def function(random: Random, name: str, known: list[str], *parameters: str) -> list[str]:
    """Return the lines of a function."""
    decorators = random.choice(
        ([], [], ["@app.get('/x')"], ["@functools.cache"], [f"@{random.choice(known)}"])
    )
    if name.startswith("__"):
        decorators = []
    way = random.choice(("def", "async def")) if not name.startswith("__") else "def"
    given = [*parameters, *([f"given=Depends({random.choice(known)})"] if random.random() < 0.3 else [])]
    lines = [*decorators, f"{way} {name}({', '.join(given)}):"]
    for _ in range(random.randrange(1, 4)):
        lines.append(statement(random, known))
    return lines


def statement(random: Random, known: list[str]) -> str:
    called = random.choice(known)
    return random.choice(
        (
            f"    {called}()",
            f"    {called}()",
            f"    {called}().run()",
            f"    with {called}() as held: held.run()",
            f"    for one in range(3): {called}()",
            f"    {random.choice(SINKS)}",
            f"    {random.choice(SINKS)}{ALLOWED}",
            f"    STATE['a'] = {called}",
            f"    sorted([], key={called})",
            f"    asyncio.to_thread({called})",
        )
    )


def _rewritten(files: Files, random: Random) -> None:
    files[_some(files, random)] = module(random, len(files) - 2)


def _line_more(files: Files, random: Random) -> None:
    path = _some(files, random)
    lines = files[path].splitlines()
    lines.insert(random.randrange(len(lines) + 1) if random.random() < 0.5 else 0, "")
    files[path] = "\n".join(lines) + "\n"


def _line_less(files: Files, random: Random) -> None:
    path = _some(files, random)
    lines = files[path].splitlines()
    if lines:
        del lines[random.randrange(len(lines))]
    files[path] = "\n".join(lines) + "\n"


def _renamed(files: Files, random: Random) -> None:
    path = _some(files, random)
    files[path] = files[path].replace(f"f{random.randrange(4)}(", f"g{random.randrange(4)}(", 1)


def _other_call(files: Files, random: Random) -> None:
    path = _some(files, random)
    files[path] = files[path].replace(random.choice(SINKS), random.choice(SINKS))


def _slept(files: Files, random: Random) -> None:
    path = _some(files, random)
    lines = files[path].splitlines()
    starts = [number for number, line in enumerate(lines) if line.lstrip().startswith("return ")]
    if starts:
        at = random.choice(starts)
        lines.insert(at, lines[at].partition("return")[0] + "__import__('time').sleep(1)")
    files[path] = "\n".join(lines) + "\n"


def _swapped(files: Files, random: Random) -> None:
    one, other = _some(files, random), _some(files, random)
    files[one], files[other] = files[other], files[one]


def _removed(files: Files, random: Random) -> None:
    del files[_some(files, random)]


def _added(files: Files, random: Random) -> None:
    number = random.randrange(len(files) + 5)
    files[path_of(random, number)] = module(random, len(files))


def _emptied(files: Files, random: Random) -> None:
    files[_some(files, random)] = ""


def _broken(files: Files, random: Random) -> None:
    files[_some(files, random)] += "def (\n"


def _policy(files: Files, random: Random) -> None:
    files[POLICY] = random.choice(POLICIES)


def _some(files: Files, random: Random) -> str:
    return random.choice(sorted(path for path in files if path.endswith(".py")))


EDITS: tuple[Callable[[Files, Random], None], ...] = (
    *(_rewritten, _line_more, _line_more, _line_less, _line_less, _line_less, _renamed, _renamed),
    *(_other_call, _other_call, _other_call, _swapped, _emptied, _broken, _removed, _added, _policy),
)
"""What happens to files; the usual things more often."""

EDITS_OF_ANY = (_line_more, _line_less, _line_less, _slept, _slept, _swapped, _emptied)
"""Edits of code that was not made here."""
