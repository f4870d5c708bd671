"""Waivers, baseline, approvers and dependencies are complete or refused."""

import pytest

from tests.guardrails.adapters.policy.reading import FULL, WAIVER, Layers, read, refusal, waivers


@pytest.mark.parametrize("gone", [("owner",), ("reason",), ("expires",), ("owner", "reason", "expires")])
def test_waiver_without_owner_reason_or_expiry_is_refused_by_name(gone: tuple[str, ...]) -> None:
    entry = {key: value for key, value in WAIVER.items() if key not in gone}
    text = refusal({"guardrails.yaml": FULL, "waivers.yaml": waivers(entry)})
    assert text.startswith(f"policies/waivers.yaml:2: item [0] lacks {', '.join(gone)}; add ")


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("owner", "' '", "owner is blank"),
        ("reason", "''", "reason is blank"),
        ("expires", "never", "never is not a day"),
        ("expires", "2026-02-30", "2026-02-30 is not a day"),
        ("expires", "", "is empty"),
        ("fingerprint", "oops", "oops is no fingerprint"),
        ("fingerprint", "12345678901234567e89", "is a number; write text, in quotes"),
        ("until", "2026-12-31", "no key until"),
    ],
)
def test_waiver_with_an_empty_or_wrong_part_is_refused(key: str, value: str, expected: str) -> None:
    text = refusal({"guardrails.yaml": FULL, "waivers.yaml": waivers(WAIVER | {key: value})})
    line = 2 + [*(WAIVER | {key: value})].index(key)
    assert text.startswith(f"policies/waivers.yaml:{line}: ")
    assert expected in text


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("baseline.json", '{"version": 1}', ":1: the file lacks fingerprints; add it"),
        ("baseline.json", '{"version": 1, "fingerprints": [\n"zz"]}', ":2: zz is no fingerprint"),
        ("baseline.json", '{"version": 1, "version": 1, "fingerprints": []}', ":1: version is already given"),
        ("baseline.json", '{"version": 1, "fingerprints": [NaN]}', ":1: NaN is no fingerprint"),
        ("approvers", "ada\nAda\n", ":2: Ada is there twice; delete"),
        ("approvers", "ada bob\n", ":1: ada bob is not one name; write one approver a line"),
        ("approvers", "ada\x07\n", ":1: this line holds the hidden character U+0007"),
        ("approvers", b"ada\n\xff\n", ":2: this line is not UTF-8"),
        ("dependencies.yaml", "allow: []", ":1: allow is empty; name the packages"),
        ("dependencies.yaml", "allow:\n  - a\n  - a==1.0", ":3: a==1.0 is no package's name"),
        ("dependencies.yaml", "", ":1: the file lacks allow; add it"),
        ("architecture.yaml", "layers: [a]\nlayer: b", ":2: the file has no key layer; did you mean layers?"),
        ("architecture.yaml", "depth: deep", ":1: depth is text; write a whole number"),
    ],
)
def test_other_file_that_is_wrong_is_refused_with_line_and_remedy(
    name: str, content: str | bytes, expected: str
) -> None:
    assert refusal({"guardrails.yaml": FULL, name: content}).startswith(f"policies/{name}{expected}")


def test_empty_files_give_defaults() -> None:
    policy = read(
        {"guardrails.yaml": "# later\n", "waivers.yaml": "", "architecture.yaml": "", "approvers": ""}
    )
    assert (policy.waivers, policy.approvers, policy.settings["architecture"]) == ((), (), Layers())
