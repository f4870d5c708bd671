import pytest

from guardrails.adapters.environment.lock import pins_in, refuse_unlisted
from guardrails.model.errors import EnvironmentFailure

HASH = "--hash=sha256:" + "a" * 64
LOCK = f"""
# a comment
Foo_Bar[extra, more]==1.0 ; python_version < "3.14" and sys_platform != "win32" \\
    {HASH} \\
    --hash=sha256:{"b" * 64}
    # via something
baz==2!3.0.post1+local {HASH}  # why
"""


def test_a_lock_reads_as_pins_that_pip_can_read_again() -> None:
    pins = pins_in(LOCK.encode(), "requirements.lock")
    assert [(pin.name, pin.version, pin.extras) for pin in pins] == [
        ("baz", "2!3.0.post1+local", ""),
        ("foo-bar", "1.0", "[extra,more]"),
    ]
    assert pins[1].marker == 'python_version < "3.14" and sys_platform != "win32"'
    again = "\n".join(pin.line() for pin in pins)
    assert pins_in(again.encode(), "x") == pins


@pytest.mark.parametrize(
    "line",
    [
        "foo==1.0",
        "foo>=1.0 " + HASH,
        "--index-url https://evil.example",
        "--extra-index-url=https://evil.example",
        "-r other.txt",
        "-e .",
        "foo @ https://evil.example/foo.whl " + HASH,
        f"foo==1.0 ; python_version > '3' --index-url x {HASH}",
        f"foo==1.0 {HASH} --config-settings x=y",
        f"foo==1.0 {HASH} \\\n--index-url https://evil.example",
        "foo==1.0 --hash=md5:" + "a" * 32,
        "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
)
def test_what_no_hash_covers_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(EnvironmentFailure, match=r"^requirements.lock:2: .* lock with hashes"):
        pins_in(b"\n" + line.encode(), "requirements.lock")


@pytest.mark.parametrize(
    ("head", "allowed", "is_refused"),
    [
        (f"a==1 {HASH}", (), False),
        ("", (), False),
        (f"a==2 {HASH}", (), True),
        (f"a==2 {HASH}", ("a",), False),
        (f"a==2 {HASH}", ("A==2",), False),
        (f"a==2 {HASH}", ("a==3",), True),
        (f"a==1 {HASH}\na_b==1 {HASH}", ("a-b",), False),
        (f"a==1 --hash=sha256:{'c' * 64}", (), True),
        (f"a==1 {HASH}\nb==1 {HASH}", ("a",), True),
    ],
)
def test_head_installs_only_what_base_had_or_allows(
    head: str, allowed: tuple[str, ...], is_refused: bool
) -> None:
    base, theirs = pins_in(f"a==1 {HASH}".encode(), "l"), pins_in(head.encode(), "l")
    if is_refused:
        with pytest.raises(EnvironmentFailure, match=r"not allow.*lists it in policies/dependencies.yaml"):
            refuse_unlisted(base, theirs, allowed, "policies/dependencies.yaml")
    else:
        refuse_unlisted(base, theirs, allowed, "policies/dependencies.yaml")
