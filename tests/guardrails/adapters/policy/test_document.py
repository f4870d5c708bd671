"""A policy file means one thing, or it is refused with its line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.adapters.policy.document import MAX_BYTES, parse
from guardrails.model.errors import PolicyError

PATH = "policies/some.yaml"


def refusal(content: str | bytes) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        parse(PATH, content if isinstance(content, bytes) else content.encode())
    return caught.value


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("a: 1\nb: [1", 2, "not valid YAML"),
        ("a: 1\nb: c: d\n", 2, "not valid YAML"),
        ("a: 1\nb: 'x\n", 2, "not valid YAML"),
        ("a: 1\na: 2\n", 2, "a is already given in line 1"),
        ('{"b": {"a": 1,\n"a": 2}}', 2, "a is already given in line 1"),
        ("a:\n  b: 1\n  'b': 2\n", 3, "b is already given in line 2"),
        ("a: 1\n---\nb: 2\n", 2, "a second document"),
        ("%YAML 1.1\n---\na: 1\n", 1, "directives"),
        ("a: 1\nb: !!python/object/apply:os.system [id]\n", 2, "tag"),
        ("a: !secret x\n", 1, "tag"),
        ("a: ! x\n", 1, "tag"),
        ("x: &x {a: 1}\nz:\n  <<: *x\n", 3, "merge keys"),
        ("a: *b\n", 1, "names no anchor"),
        ("a: &x\n  - *x\n", 2, "stands inside"),
        ("&k a: 1\n*k : 2\n", 2, "used as a key"),
        ("404: x\n", 1, "the key 404 is not text"),
        ("? [a]\n: b\n", 1, "a key must be text"),
        ("? \n", 1, "is not text"),
        ("a:\n\tb: 1\n", 2, "tab"),
        ("a: |\n  x\n \ty\n", 3, "tab"),
        ("a: 1\nb: x\u202ey\n", 2, "U+202E"),
        ("a: 1\nb: x\u2028c: 2\n", 2, "U+2028"),
        ("a: 1\rb: 2\n", 1, "U+000D"),
        ('a: "\\u202e"\n', 1, "U+202E"),
        ('a: "\\0"\n', 1, "U+0000"),
        ('a: "\\e[2J"\n', 1, "U+001B"),
        ("\x00", 1, "U+0000"),
        (b"a: 1\nb: \xff\n", 2, "not UTF-8"),
        (b"\xef\xbb\xbfa: 1\n", 1, "byte order mark"),
        ("a: 1\n".encode("utf-16"), 1, "byte order mark"),
        ("[" * 50_000, 1, "deeper than"),
        ("- " * 50_000, 1, "deeper than"),
        ('{"a":' * 50_000, 1, "deeper than"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_what_readers_could_misread_is_refused_with_its_line(
    content: str | bytes, line: int, said: str
) -> None:
    error = refusal(content)
    assert error.line == line
    assert said in error.message
    assert "; " in error.message
    assert str(error).startswith(f"{PATH}:{line}: ")
    assert str(error).isascii()
    assert str(error).isprintable()


@pytest.mark.parametrize(
    "word",
    [
        *("yes", "No", "ON", "off", "y", "N", "True", "TRUE", "False", "Null", "NULL", "010", "0o17", "0x1F"),
        *("0b1", "1_000", "1:30", "22:22:22", "1:30.5", ".5", "5.", "+1", ".inf", "-.INF", ".nan", "1e999"),
        *("0_1", "12e4567", "99999999999999999999", "01234567890123456789"),
    ],
)
def test_word_that_yaml_versions_disagree_about_must_be_quoted(word: str) -> None:
    error = refusal(f"a: 1\nb: {word}\n")
    assert error.line == 2
    assert "quote it" in error.message
    assert parse(PATH, f"b: '{word}'\n".encode()).data == {"b": word}


def test_plain_words_mean_what_they_look_like() -> None:
    text = (
        "{a: true, b: false, c: null, d: ~, e: 0, f: -12, g: 1.50, h: 2e3, i: 0.1.0, "
        "j: 2026-12-31, k: a.b:c, l: ., m: }"
    )
    numbers = {"e": 0, "f": -12, "g": 1.5, "h": 2000.0}
    texts = {"i": "0.1.0", "j": "2026-12-31", "k": "a.b:c", "l": "."}
    words = {"a": True, "b": False, "c": None, "d": None, "m": None}
    assert parse(PATH, text.encode()).data == words | numbers | texts


def test_alias_bomb_is_refused_before_it_is_expanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]
    assert refusal("\n".join(lines)).line == 5


def test_many_aliases_of_one_long_text_are_a_bomb_too() -> None:
    text = f"a: &a {'x' * 500_000}\nb: [{', '.join(['*a'] * 50_000)}]\n"
    assert "aliases counted in full" in refusal(text).message


def test_aliases_cannot_stack_up_depth() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 3000))]
    assert "deeper than" in refusal("\n".join(lines)).message


def test_alias_stands_for_its_value() -> None:
    document = parse(PATH, b"a: &x [1, 2]\nb: *x\n")
    assert document.data == {"a": [1, 2], "b": [1, 2]}
    assert document.line_of(("b", 1)) == 1


def test_file_over_the_bound_is_refused() -> None:
    assert "larger than" in refusal(b"# " + b"x" * MAX_BYTES).message


def test_lines_of_keys_and_values_are_known() -> None:
    text = b"# comment\nservices:\n  - name: a\n    tests:\n      - one\n      - two\n  - {name: b}\n"
    document = parse(PATH, text)
    lines = {
        ("services",): 2,
        ("services", 0): 3,
        ("services", 0, "name"): 3,
        ("services", 0, "tests"): 4,
        ("services", 0, "tests", 1): 6,
        ("services", 1, "name"): 7,
        ("services", 1, "gone"): 7,
        (): 2,
    }
    assert {pointer: document.line_of(pointer) for pointer in lines} == lines
    assert document.line_of(("services", 0, "tests"), at_key=True) == 4


def test_windows_line_ends_and_empty_files_are_read() -> None:
    assert parse(PATH, b"a: 1\r\nb: 2\r\n").data == {"a": 1, "b": 2}
    assert parse(PATH, b"# nothing yet\n").data is None


_YAMLISH = st.text(st.sampled_from([*"ab:-[]{}&*!|>'\"#%@`,?~<=0.1eE_+\n\t \\", "\x85", "\u202e", "\ufeff"]))


@given(_YAMLISH)
def test_any_text_is_read_or_refused_with_a_line_of_it(text: str) -> None:
    try:
        parse(PATH, text.encode())
    except PolicyError as error:
        assert error.line is not None
        assert 1 <= error.line <= text.count("\n") + 1


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        parse(PATH, content)
    except PolicyError as error:
        assert error.path == PATH
