"""What one assertion of a test says, in a form that survives reformatting and other test styles.

`self.assertEqual(a, b)` and `assert a == b` become the same text, so moving a suite from
unittest to pytest changes nothing, while a value, a tolerance or a weaker operator shows.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy

from guardrails.gates.integrity.source import dotted_name, literals_in, unparse
from guardrails.model.frozen import frozen, replace

_HELPER = re.compile(r"^_*(assert|check|verify|expect|ensure)(_|[A-Z]|$)")
_COMPARE: Mapping[str, ast.cmpop] = {
    "assertEqual": ast.Eq(),
    "assertEquals": ast.Eq(),
    "assertListEqual": ast.Eq(),
    "assertDictEqual": ast.Eq(),
    "assertSetEqual": ast.Eq(),
    "assertTupleEqual": ast.Eq(),
    "assertSequenceEqual": ast.Eq(),
    "assertMultiLineEqual": ast.Eq(),
    "assertNotEqual": ast.NotEq(),
    "assertIs": ast.Is(),
    "assertIsNot": ast.IsNot(),
    "assertIn": ast.In(),
    "assertNotIn": ast.NotIn(),
    "assertGreater": ast.Gt(),
    "assertGreaterEqual": ast.GtE(),
    "assertLess": ast.Lt(),
    "assertLessEqual": ast.LtE(),
}
_TRUTHS = frozenset({"assertTrue", "assertFalse", "assertIsNone", "assertIsNotNone", "assertIsInstance"})
_RAISING = frozenset(
    {"raises", "warns", "assertRaises", "assertRaisesRegex", "assertWarns", "assertWarnsRegex", "assertLogs"}
)
_TOLERANCES = frozenset({"rel", "abs", "rel_tol", "abs_tol", "rtol", "atol", "delta", "tolerance", "tol"})
_DIGITS = frozenset({"places", "decimal", "significant"})
_BUILTINS = frozenset(
    {"bool", "int", "float", "str", "len", "any", "all", "abs", "isinstance", "list", "tuple"}
)
_BROAD = frozenset({"Exception", "BaseException", "Warning"})

_LONGEST = 20_000  # characters; beyond it blanking literals costs more than it tells

EQUAL, RELATION, WEAK, NOTHING = 4, 2, 1, 0


@frozen
class Assertion:
    """One thing a test insists on.

    `text` is the normalised expression, `shape` the same with its literals left out, `bound`
    the local names it mentions that hold literals, and `bound_literals` those. `strength` ranks how much it excludes
    (4 an exact value, 0 nothing at all). `tolerances` are widths by keyword.
    """

    line: int
    text: str
    shape: str
    subject: str
    strength: int
    literals: tuple[str, ...]
    tolerances: tuple[tuple[str, float], ...] = ()
    bound: str = ""
    bound_literals: tuple[str, ...] = ()
    guarded: bool = False


class _Blank(ast.NodeTransformer):
    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.copy_location(ast.Name("_", ast.Load()), node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Name("_", ast.Load()) if node.value is not None else node


def assertion_from(expression: ast.expr, line: int) -> Assertion:
    """Return the assertion that `assert expression` makes."""
    text = unparse(expression)
    subject = expression.left if isinstance(expression, ast.Compare) else expression
    return Assertion(
        line=line,
        text=text,
        shape=_shape(expression, text),
        subject=unparse(subject),
        strength=NOTHING if is_vacuous(expression) else _strength(expression),
        literals=tuple(_expected(expression)),
        tolerances=tuple(sorted(_tolerances(expression).items())),
    )


def _shape(expression: ast.expr, text: str) -> str:
    """Return the expression's text with its literals left out."""
    if len(text) > _LONGEST:
        return text
    return unparse(_Blank().visit(deepcopy(expression)))


def assertion_from_call(call: ast.Call, aliases: Mapping[str, str]) -> Assertion | None:
    """Return the assertion that a call statement makes, or None when the call asserts nothing."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else dotted_name(call.func, aliases)
    name = name.rsplit(".", 1)[-1]
    line = call.lineno
    if name in _COMPARE and len(call.args) > 1:
        return assertion_from(ast.Compare(call.args[0], [_COMPARE[name]], [call.args[1]]), line)
    if name in _TRUTHS and call.args:
        return assertion_from(_truth(name, call.args), line)
    if name in _RAISING:
        return _raising(call, name, line)
    dotted = dotted_name(call.func, aliases)
    strength = RELATION if dotted in {"pytest.fail", "self.fail"} else EQUAL
    asserts = strength == RELATION or any(_HELPER.match(part) for part in (*dotted.split("."), name))
    return replace(assertion_from(call, line), strength=strength) if asserts else None


def _truth(name: str, arguments: list[ast.expr]) -> ast.expr:
    value = arguments[0]
    if name == "assertIsInstance":
        return ast.Call(ast.Name("isinstance", ast.Load()), arguments[:2], [])
    if name == "assertFalse":
        return ast.UnaryOp(ast.Not(), value)
    if name == "assertTrue":
        return value
    operator: ast.cmpop = ast.Is() if name == "assertIsNone" else ast.IsNot()
    return ast.Compare(value, [operator], [ast.Constant(None)])


def raised_by(context: ast.expr, aliases: Mapping[str, str]) -> Assertion | None:
    """Return the assertion that `with context:` makes (`pytest.raises` and its kin), or None."""
    if not isinstance(context, ast.Call):
        return None
    name = dotted_name(context.func, aliases).rsplit(".", 1)[-1]
    return _raising(context, name, context.lineno) if name in _RAISING else None


def _raising(call: ast.Call, name: str, line: int) -> Assertion:
    kind = unparse(call.args[0]) if call.args else ""
    pattern = next((unparse(word.value) for word in call.keywords if word.arg == "match"), "")
    if name.endswith("Regex") and len(call.args) > 1:
        pattern = unparse(call.args[1])
    text = f"raises({kind}, match={pattern})" if pattern else f"raises({kind})"
    strength = WEAK if kind in _BROAD and not pattern else RELATION + bool(pattern)
    literals = literals_in(call)
    return Assertion(line, text, f"raises({kind})", "raises", strength, literals)


def _strength(node: ast.expr) -> int:
    if isinstance(node, ast.Compare):
        nothing = any(isinstance(one, ast.Constant) and one.value is None for one in node.comparators)
        if any(isinstance(one, ast.Eq | ast.Is) for one in node.ops):
            return EQUAL
        return WEAK if nothing or any(isinstance(one, ast.NotEq) for one in node.ops) else RELATION
    if isinstance(node, ast.BoolOp):
        ranks = [_strength(one) for one in node.values]
        return max(ranks) if isinstance(node.op, ast.And) else min(*ranks, RELATION)
    if isinstance(node, ast.UnaryOp):
        return RELATION
    if isinstance(node, ast.Call):
        name = dotted_name(node.func, {}).rsplit(".", 1)[-1]
        return WEAK if name in {"isinstance", "hasattr", "callable", "bool", "any", "len"} else RELATION
    return WEAK


def is_vacuous(node: ast.expr) -> bool:
    """Return whether the expression is true whatever the product does."""
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict | ast.Lambda | ast.JoinedStr):
        return any(True for _ in ast.iter_child_nodes(node))
    if isinstance(node, ast.BoolOp):
        each = [is_vacuous(one) for one in node.values]
        return all(each) if isinstance(node.op, ast.And) else any(each)
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and _is_vacuous_comparison(node):
        return True
    return _asks_nothing(node)


def _asks_nothing(node: ast.expr) -> bool:
    """Whether no part of the expression comes from outside it: `1 == 1`, `bool('x')`, `not False`."""
    if isinstance(node, ast.Call) and dotted_name(node.func, {}) == "isinstance" and len(node.args) > 1:
        return unparse(node.args[1]) == "object"
    parts = list(ast.walk(node))
    if any(isinstance(one, ast.Attribute | ast.Await | ast.Yield) for one in parts):
        return False
    return all(one.id in _BUILTINS for one in parts if isinstance(one, ast.Name))


def _is_vacuous_comparison(node: ast.Compare) -> bool:
    left, right, operator = node.left, node.comparators[0], node.ops[0]
    reflexive = isinstance(operator, ast.Eq | ast.Is | ast.LtE | ast.GtE)
    if reflexive and ast.dump(left) == ast.dump(right):
        return not any(isinstance(one, ast.Call | ast.Await) for one in ast.walk(left))
    length = isinstance(left, ast.Call) and isinstance(left.func, ast.Name) and left.func.id in {"len", "abs"}
    zero = isinstance(right, ast.Constant) and right.value == 0
    return length and zero and isinstance(operator, ast.GtE)


def _expected(node: ast.AST) -> Iterator[str]:
    """Yield the literals of an expression, those that only say how exact it is left out."""
    if isinstance(node, ast.keyword) and node.arg in _TOLERANCES | _DIGITS:
        return
    if isinstance(node, ast.Constant):
        yield from literals_in(node)
    for child in ast.iter_child_nodes(node):
        yield from _expected(child)


def _tolerances(node: ast.expr) -> dict[str, float]:
    found: dict[str, float] = {}
    for one in ast.walk(node):
        if isinstance(one, ast.Call):
            for word in one.keywords:
                width = _width(word.arg or "", word.value)
                if width is not None:
                    found[word.arg or ""] = max(width, found.get(word.arg or "", 0.0))
            if isinstance(one.func, ast.Name) and one.func.id == "round" and len(one.args) > 1:
                width = _width("places", one.args[1])
                if width is not None:
                    found["round"] = width
        elif isinstance(one, ast.Compare) and isinstance(one.ops[0], ast.Lt | ast.LtE):
            inner = one.left
            if isinstance(inner, ast.Call) and dotted_name(inner.func, {}).rsplit(".", 1)[-1] == "abs":
                width = _width("tol", one.comparators[0])
                if width is not None:
                    found["abs()"] = width
    return found


def _width(keyword: str, value: ast.expr) -> float | None:
    if keyword not in _TOLERANCES | _DIGITS:
        return None
    try:
        number = float(ast.literal_eval(value))
        return 10.0**-number if keyword in _DIGITS else number
    except (ValueError, TypeError, SyntaxError, OverflowError):
        return None
