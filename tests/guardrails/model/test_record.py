import copy
import pickle

import pytest

from guardrails.model.record import Record


class Place(Record):
    """A place."""

    path: str
    line: int = 1

    @property
    def text(self) -> str:
        return f"{self.path}:{self.line}"


def test_record_is_a_tuple_with_names_defaults_and_methods() -> None:
    one = Place("a.py")
    assert one == ("a.py", 1)
    assert (one.path, one.line, one.text) == ("a.py", 1, "a.py:1")
    path, line = Place(path="b.py", line=2)
    assert (path, line) == ("b.py", 2)
    assert repr(one) == "Place(path='a.py', line=1)"
    assert Place._fields == ("path", "line")
    assert one._asdict() == {"path": "a.py", "line": 1}
    assert hash(one) == hash(("a.py", 1))


def test_record_is_made_from_values_replaced_and_stored() -> None:
    one = Place._make(["a.py", 3])
    assert one._replace(line=4) == Place("a.py", 4)
    assert isinstance(one._replace(line=4), Place)
    assert pickle.loads(pickle.dumps(one)) == one
    assert copy.copy(one) == one
    match one:
        case Place("a.py", line):
            assert line == 3


def test_record_takes_no_other_values_and_never_changes() -> None:
    with pytest.raises(TypeError):
        Place()  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError):
        Place("a", 1, 2)  # type: ignore[call-arg]  # what is tested
    with pytest.raises(TypeError):
        Place._make(["a"])
    with pytest.raises(ValueError, match="no field"):
        Place("a")._replace(lines=2)  # type: ignore[call-arg]  # what is tested
    with pytest.raises(AttributeError):
        Place("a").line = 2  # type: ignore[misc]  # what is tested
    with pytest.raises(AttributeError):
        Place("a").other = 2  # type: ignore[attr-defined]  # what is tested
