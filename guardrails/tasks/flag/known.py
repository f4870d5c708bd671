"""What expressions are worth once a flag has one value for ever.

Only what follows from the flag is known; a constant that stood in the code before is left alone.
"""

import ast
from collections.abc import Mapping, Sequence

import libcst as cst
from libcst.metadata import Assignment, FunctionScope, MetadataWrapper, ScopeProvider

VARIANT_READERS = frozenset(
    {"variant", "variant_of", "get_variant", "assign", "assignment", "get_string_value", "get_string_details"}
)
SWITCH_READERS = frozenset(
    {"is_enabled", "is_on", "enabled", "feature_enabled", "get_boolean_value", "get_boolean_details"}
)
_ON = frozenset({"true", "on"})
_OFF = frozenset({"false", "off"})
_RESULTS = ("value", "variant")


class Unclear(Exception):
    """A switch is read as true or false, and the variant to keep is neither."""


class Known:
    """The values of the expressions of one module, by node; only those that follow from the flag."""

    def __init__(self, wrapper: MetadataWrapper, flag: str, keep: str) -> None:
        self._flag = flag
        self._keep = keep
        self._values: dict[cst.CSTNode, object] = {}
        self.dropped: set[cst.CSTNode] = set()
        self.names: set[cst.CSTNode] = set()
        scopes = {
            scope for scope in wrapper.resolve(ScopeProvider).values() if isinstance(scope, FunctionScope)
        }
        wrapper.module.visit(_Reading(self))
        # A local that holds the flag is worth what the flag is; that may make further ones known.
        while sum(self._followed(scope) for scope in scopes):
            self._values = {node: value for node, value in self._values.items() if node in self.names}
            wrapper.module.visit(_Reading(self))

    def __contains__(self, node: cst.CSTNode) -> bool:
        return node in self._values

    def value(self, node: cst.CSTNode) -> object:
        """Return the node's value; raises KeyError when it is not known."""
        return self._values[node]

    def learn(self, node: cst.CSTNode, value: object) -> None:
        """Remember that the node is worth `value`."""
        self._values[node] = value

    def reading(self, call: cst.Call) -> object:
        """Return what a call gives if it reads the flag; raises LookupError when it does not."""
        name = _last_name(call.func)
        if not any(_text(one.value) == self._flag for one in call.args[:1] or ()) and not any(
            one.keyword is not None and _text(one.value) == self._flag for one in call.args
        ):
            raise LookupError(name)
        if name in VARIANT_READERS:
            return self._keep
        if name in SWITCH_READERS:
            if self._keep.lower() in _ON | _OFF:
                return self._keep.lower() in _ON
            raise Unclear(f"{name} gives true or false")
        raise LookupError(name)

    def _followed(self, scope: FunctionScope) -> bool:
        found = False
        for one in list(scope.assignments):
            held = list(scope[one.name])
            if len(held) != 1 or not isinstance(held[0], Assignment) or held[0].scope is not scope:
                continue
            statement = self._assigning(held[0].node)
            if statement is None or statement in self.dropped:
                continue
            self.dropped.add(statement)
            for access in held[0].references:
                self.names.add(access.node)
                self._values[access.node] = self._values[statement.value]
            found = True
        return found

    def _assigning(self, name: cst.CSTNode) -> cst.Assign | None:
        return next(
            (
                node
                for node in self._assigns
                if len(node.targets) == 1 and node.targets[0].target is name and node.value in self._values
            ),
            None,
        )

    _assigns: Sequence[cst.Assign] = ()


class _Reading(cst.CSTVisitor):
    """Works out values from the leaves up."""

    def __init__(self, known: Known) -> None:
        super().__init__()
        self._known = known
        self._assigns: list[cst.Assign] = []

    def leave_Module(self, original_node: cst.Module) -> None:  # noqa: N802 - libcst's name, as all below
        del original_node
        self._known._assigns = self._assigns

    def leave_Assign(self, original_node: cst.Assign) -> None:  # noqa: N802
        self._assigns.append(original_node)

    def leave_Call(self, original_node: cst.Call) -> None:  # noqa: N802
        try:
            self._known.learn(original_node, self._known.reading(original_node))
        except LookupError:
            return

    def leave_Await(self, original_node: cst.Await) -> None:  # noqa: N802
        self._pass_on(original_node, original_node.expression)

    def leave_Attribute(self, original_node: cst.Attribute) -> None:  # noqa: N802
        if original_node.attr.value in _RESULTS:
            self._pass_on(original_node, original_node.value)

    def leave_UnaryOperation(self, original_node: cst.UnaryOperation) -> None:  # noqa: N802
        if isinstance(original_node.operator, cst.Not) and original_node.expression in self._known:
            self._known.learn(original_node, not self._known.value(original_node.expression))

    def leave_Comparison(self, original_node: cst.Comparison) -> None:  # noqa: N802
        if len(original_node.comparisons) != 1:
            return
        target = original_node.comparisons[0]
        sides = original_node.left, target.comparator
        if not any(one in self._known for one in sides):
            return
        values = [self._worth(one) for one in sides]
        if all(known for known, _ in values):
            result = _compared(target.operator, values[0][1], values[1][1])
            if result is not None:
                self._known.learn(original_node, result)

    def leave_BooleanOperation(self, original_node: cst.BooleanOperation) -> None:  # noqa: N802
        left, right = original_node.left, original_node.right
        deciding = isinstance(original_node.operator, cst.Or)
        for one, other in ((left, right), (right, left)):
            # `known and other` is known where the known side decides; its other side must have no effect.
            if (
                one in self._known
                and bool(self._known.value(one)) is deciding
                and (one is left or _is_plain(other))
            ):
                self._known.learn(original_node, self._known.value(one))
                return
        if left in self._known and right in self._known:
            self._known.learn(original_node, self._known.value(right))

    def _pass_on(self, node: cst.CSTNode, inner: cst.CSTNode) -> None:
        if inner in self._known:
            self._known.learn(node, self._known.value(inner))

    def _worth(self, node: cst.BaseExpression) -> tuple[bool, object]:
        if node in self._known:
            return True, self._known.value(node)
        try:
            return True, ast.literal_eval(cst.Module([]).code_for_node(node))
        except (ValueError, SyntaxError):
            return False, None


def _compared(operator: cst.BaseCompOp, left: object, right: object) -> bool | None:
    """Return the result of a comparison, None for one that a variant has no meaning in."""
    if isinstance(operator, cst.Equal | cst.Is):
        return left == right
    if isinstance(operator, cst.NotEqual | cst.IsNot):
        return left != right
    if isinstance(right, tuple | list | set | frozenset | Mapping):
        if isinstance(operator, cst.In):
            return left in right
        if isinstance(operator, cst.NotIn):
            return left not in right
    return None


def _is_plain(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Name | cst.SimpleString | cst.Integer)


def _last_name(node: cst.BaseExpression) -> str:
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def _text(node: cst.BaseExpression) -> str | None:
    value = node.evaluated_value if isinstance(node, cst.SimpleString) else None
    return value if isinstance(value, str) else None
