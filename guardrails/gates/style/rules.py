"""The rules of the style gate; the tools know the details, their codes stand in the messages."""

from guardrails.model.finding import Effect
from guardrails.model.rule import Example, Rule

_RUFF = '[tool.ruff.lint]\nselect = ["F"]\n'
_MYPY = "[tool.mypy]\nstrict = true\n"

RUFF = Rule(
    id="GR901",
    name="ruff-finding",
    gate="style",
    summary="ruff finds something in head that it did not find in base.",
    why="The project chose these rules. A change is judged by base's configuration, so it cannot loosen "
    "them for itself, and what base already had is not held against it.",
    remedy="Run `ruff check --fix` and correct what is left; `ruff rule CODE` explains the code.",
    effect=Effect.BLOCK,
    bad=(
        Example({"pyproject.toml": _RUFF, "app.py": "import os\n"}, base={"pyproject.toml": _RUFF}),
        Example({"pyproject.toml": _RUFF, "app.py": "print(x)\n"}, base={"pyproject.toml": _RUFF}),
        Example(
            {"ruff.toml": 'lint.select = ["E7"]\n', "app.py": "l = 1\n"},
            base={"ruff.toml": 'lint.select = ["E7"]\n'},
        ),
    ),
    good=(
        Example(
            {"pyproject.toml": _RUFF, "app.py": "import os\nos.getcwd()\n"}, base={"pyproject.toml": _RUFF}
        ),
        Example(
            {"pyproject.toml": _RUFF, "app.py": "import os\nx = 1\n"},
            base={"pyproject.toml": _RUFF, "app.py": "import os\n"},
        ),
        Example({"app.py": "import os\n"}, base={}),
    ),
)
MYPY = Rule(
    id="GR902",
    name="mypy-error",
    gate="style",
    summary="mypy reports an error in head that it did not report in base.",
    why="A type error is a fault that needs no input to prove it. Base's configuration judges, for the whole "
    "program, so a changed signature is found where its callers are.",
    remedy="Correct the type; see https://mypy.readthedocs.io/en/stable/error_code_list.html for the code.",
    effect=Effect.BLOCK,
    bad=(
        Example({"pyproject.toml": _MYPY, "app.py": 'x: int = "a"\n'}, base={"pyproject.toml": _MYPY}),
        Example(
            {"pyproject.toml": _MYPY, "app.py": "def f(x):\n    return x\n"}, base={"pyproject.toml": _MYPY}
        ),
        Example({"mypy.ini": "[mypy]\n", "app.py": "1 + 'a'\n"}, base={"mypy.ini": "[mypy]\n"}),
    ),
    good=(
        Example({"pyproject.toml": _MYPY, "app.py": "x: int = 1\n"}, base={"pyproject.toml": _MYPY}),
        Example(
            {"pyproject.toml": _MYPY, "app.py": "x: int = ''\ny = 1\n"},
            base={"pyproject.toml": _MYPY, "app.py": "x: int = ''\n"},
        ),
        Example({"app.py": 'x: int = "a"\n'}, base={}),
    ),
)
TOOL = Rule(
    id="GR903",
    name="unjudged-style",
    gate="style",
    summary="ruff or mypy could not judge the change.",
    why="A tool that stops early has looked at nothing after that point; counting its silence as approval "
    "would let every later fault through.",
    remedy="Correct base's configuration of the tool in a change of its own, then judge this one again.",
    effect=Effect.UNDECIDED,
    bad=(
        Example(
            {"ruff.toml": "no-such-option = 1\n", "app.py": "x = 1\n"},
            base={"ruff.toml": "no-such-option = 1\n"},
        ),
        Example(
            {"ruff.toml": "lint.select = 3\n", "app.py": "x = 1\n"}, base={"ruff.toml": "lint.select = 3\n"}
        ),
        Example(
            {"ruff.toml": 'extend = "../r.toml"\n', "app.py": "x = 1\n"},
            base={"ruff.toml": 'extend = "../r.toml"\n'},
        ),
    ),
    good=(
        Example(
            {"ruff.toml": "line-length = 99\n", "app.py": "x = 1\n"}, base={"ruff.toml": "line-length = 99\n"}
        ),
        Example({"ruff.toml": "no-such-option = 1\n", "app.py": "x = 1\n"}, base={}),
        Example(
            {"pyproject.toml": "[project]\nname = 'x'\n", "app.py": "x = 1\n"},
            base={"pyproject.toml": "[project]\nname = 'x'\n"},
        ),
    ),
    final=True,
)
SUPPRESSION = Rule(
    id="GR904",
    name="new-suppression",
    gate="style",
    summary="The change adds a comment that tells a tool to look away.",
    why="A suppression is the quickest way to make an error go away without making the code right. A person "
    "must agree to each new one; the change itself cannot.",
    remedy="Correct the code and remove the comment; where the tool is wrong, say why beside it and ask for approval.",
    effect=Effect.REVIEW,
    bad=(
        Example({"app.py": "import os  # noqa: F401\n"}, base={"app.py": "import os\n"}),
        Example({"app.py": "x = f()  # type: ignore[no-untyped-call]\n"}, base={"app.py": "x = 1\n"}),
        Example({"app.py": "# ruff: noqa\nimport os\n"}, base={"app.py": "import os\n"}),
        Example({"app.py": "if x:  # pragma: no cover\n    y()\n"}, base={"app.py": "x = 1\n"}),
        Example({"app.py": "# mypy: ignore-errors\nx = 1\n"}, base={"app.py": "x = 1\n"}),
    ),
    good=(
        Example({"app.py": "import os  # noqa: F401\nx = 1\n"}, base={"app.py": "import os  # noqa: F401\n"}),
        Example({"app.py": 'text = "# noqa: F401"\n'}, base={"app.py": "x = 1\n"}),
        Example({"lib.py": "import os  # noqa\n"}, base={"app.py": "import os  # noqa\n"}),
    ),
)
RULES = (RUFF, MYPY, TOOL, SUPPRESSION)
