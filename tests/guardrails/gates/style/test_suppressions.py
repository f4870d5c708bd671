import pytest

from guardrails.gates.style.suppressions import suppressions_in

DIALECTS = """
noqa
NOQA
noqa: E501
noqa:E501,F401
ruff: noqa
ruff: noqa: F401
flake8: noqa
ruff: ignore[F401]
ruff: file-ignore[F401]
ruff: disable[F401]
type: ignore
type:ignore[attr-defined]
mypy: ignore-errors
mypy: disable-error-code=attr-defined
pyright: ignore
pyright: ignore[reportX]
pyright: basic
pyre-ignore[7]
pyre-fixme
pyre-unsafe
pyre-ignore-all-errors
pyrefly: ignore
pyrefly: ignore-errors
ty: ignore[x]
pytype: disable=x
pytype: skip-file
pylint: disable=all
pylint: skip-file
pragma: no cover
pragma: no branch
pragma: no mutate
nosec
nosec B101
nosemgrep: x.y
noinspection PyX
lint-ignore: Rule
lint-fixme
guardrails: allow[GR102] until=2027-01-01
""".strip().splitlines()


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "place", ["x = 1  # {}\n", "x = 1 #{}\n", "# why, {}\nx = 1  # because # {}\n", "# {}\ndef f(:\n"]
)
def test_every_dialect_is_a_suppression(dialect: str, place: str) -> None:
    assert suppressions_in(place.format(dialect, dialect).encode())


@pytest.mark.parametrize(
    "text",
    [
        "x = '# noqa'\n",
        '"""\n# type: ignore\n"""\n',
        "# no quality assurance here\n",
        "# the type: ignored by callers\n",
        "# my pragma: be honest\n",
        "# see ruff: it finds this\n",
        "# nosecrets\n",
        "x = 1  # type: int\n",
    ],
)
def test_text_that_only_looks_like_one_is_not(text: str) -> None:
    assert suppressions_in(text.encode()) == ()


def test_suppression_names_the_function_around_it_and_spells_blanks_one_way() -> None:
    source = b"class A:\n    def f(self):\n        x()  # type:   ignore[a]\n"
    (one,) = suppressions_in(source)
    assert (one.line, one.symbol, one.text) == (3, "A.f", "type: ignore[a]")
