"""A change of policy is told value by value, also when head's files are hostile."""

import json

from hypothesis import given
from hypothesis import strategies as st

from guardrails.adapters.policy.difference import MAX_DIFFERENCES, PolicyDifference, semantic_difference
from guardrails.adapters.policy.plain import Plain
from tests.repos.memory import MemoryTree

FILE = "policies/guardrails.yaml"


def told(before: str, after: str, path: str = FILE) -> list[tuple[str, str, str]]:
    found = semantic_difference(MemoryTree({path: before}), MemoryTree({path: after}))
    assert all(one.path == path for one in found)
    return [(one.pointer, one.before, one.after) for one in found]


def test_changed_added_and_removed_values_are_told_by_place() -> None:
    before = "minimum_box: landlock\ndisputes: false\nservices:\n  - {name: a, app: a.b:c, ready: /readyz}\n"
    after = "minimum_box: none\nbreak_glass: true\nservices:\n  - {name: b, app: b:c}\n  - {name: a, app: a.b:d}\n"
    assert told(before, after) == [
        ("break_glass", "", "true"),
        ("disputes", "false", ""),
        ("minimum_box", '"landlock"', '"none"'),
        ("services[a].app", '"a.b:c"', '"a.b:d"'),
        ("services[a].ready", '"/readyz"', ""),
        ("services[b]", "", '{"app": "b:c", "name": "b"}'),
    ]


def test_comments_layout_and_order_of_keys_are_no_difference() -> None:
    assert told("a: 1\nb: [x, z]\n", "# why\nb:\n  - x\n  - z\na: 1\n") == []


def test_order_and_number_of_list_items_are_differences() -> None:
    assert told("a: [x, z]", "a: [z, x]") == [("a", '["x", "z"]', '["z", "x"]')]
    assert told("a: [x, x, z]", "a: [x, q]") == [("a", '"x"', ""), ("a", '"z"', ""), ("a", "", '"q"')]


def test_types_are_told_apart() -> None:
    assert told("a: 1\nb: {c: 0}", "a: true\nb: {c: false}") == [("a", "1", "true"), ("b.c", "0", "false")]


def test_second_waiver_of_one_fingerprint_is_told() -> None:
    one = "- {fingerprint: aaaaaaaa, rule: GR101}\n"
    assert told(one, one * 2, "policies/waivers.yaml") == [
        ("", "", '{"fingerprint": "aaaaaaaa", "rule": "GR101"}')
    ]


def test_files_that_come_and_go_are_told_even_when_empty() -> None:
    base, head = MemoryTree({"policies/architecture.yaml": "pure: [a]\n"}), MemoryTree({FILE: "# nothing\n"})
    assert semantic_difference(base, head) == (
        PolicyDifference("policies/architecture.yaml", "", "the file", ""),
        PolicyDifference("policies/architecture.yaml", "pure", '["a"]', ""),
        PolicyDifference(FILE, "", "", "the file"),
    )


def test_approvers_are_compared_by_name() -> None:
    assert told("ada\nbob\n", "# new\nada\neve\n", "policies/approvers") == [
        ("", '"bob"', ""),
        ("", "", '"eve"'),
    ]


def test_head_that_does_not_parse_is_told_as_such() -> None:
    ((pointer, before, after),) = told("a: 1", "a: [1")
    assert (pointer, before) == ("", '{"a": 1}')
    assert after.startswith("not readable: not valid YAML")
    ((_, _, bomb),) = told("a: 1", "x: &x [*x]")
    assert "not readable" in bomb


def test_other_files_are_told_by_blob_and_schemas_not_at_all() -> None:
    ((pointer, before, after),) = told("import os", "import sys", "policies/rules/mine.py")
    assert pointer == ""
    assert before.startswith("blob ")
    assert before != after
    assert told("{}", "[]", "policies/schema/guardrails.json") == []


def test_list_of_differences_is_bounded() -> None:
    many = "".join(f"k{number}: 1\n" for number in range(MAX_DIFFERENCES * 3))
    found = semantic_difference(MemoryTree({}), MemoryTree({FILE: many}))
    assert len(found) == MAX_DIFFERENCES + 1
    assert "the rest is not shown" in found[-1].after


def test_long_and_odd_values_are_shown_short_and_printable() -> None:
    ((_, _, after),) = told("a: x", f"a: {'é' * 5000}")
    assert after.isascii()
    assert len(after) < 300


_SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["x", "name", "on"])
_DATA = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "id", "c"]), inner),
)


def _yaml(data: Plain) -> str:
    return json.dumps(data)


@given(_DATA, _DATA)
def test_equal_values_and_only_those_show_no_difference(old: Plain, new: Plain) -> None:
    empty: tuple[Plain, ...] = (None, [], {})
    assert told(_yaml(old), _yaml(old)) == []
    found = told(_yaml(old), _yaml(new))
    if _yaml(old) not in map(_yaml, empty) and not found:
        assert _sorted(old) == _sorted(new)


def _sorted(data: Plain) -> str:
    """Return a text in which neither order of keys nor emptiness of one kind or another counts."""
    if isinstance(data, dict):
        return "{" + ",".join(f"{key}:{_sorted(data[key])}" for key in sorted(data)) + "}" if data else "-"
    if isinstance(data, list):
        items = [_sorted(one) for one in data]
        return "[" + ",".join(sorted(items)) + "]" if data else "-"
    return "-" if data is None else repr(data)
