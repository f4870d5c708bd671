"""Ways to write the same code differently: a rule must see through each of them.

A mutation takes a module's text and returns another text that does the same, or None where it
does not apply. Adding one is adding a function here under `@mutation`.
"""

import ast
from collections.abc import Callable

Mutation = Callable[[str], str | None]
MUTATIONS: dict[str, Mutation] = {}
_TYPED_BY_NAME = "__future__"


def mutation(make: Mutation) -> Mutation:
    """Register a mutation under its function's name."""
    MUTATIONS[make.__name__] = make
    return make


def applied(make: Mutation, text: str) -> str | None:
    """Return the mutated text; None where the mutation does not apply or the text is no Python."""
    try:
        ast.parse(text.encode())
    except (SyntaxError, ValueError):
        return None
    changed = make(text)
    if changed is None or changed == text:
        return None
    ast.parse(changed.encode())
    return changed


def _indented(text: str, by: str = "    ") -> str:
    return "".join(by + line if line.strip() else line for line in text.splitlines(keepends=True))


def _lifted(text: str) -> tuple[str, str]:
    """Return what must stay first (future imports) and the rest."""
    module = ast.parse(text)
    future = [one for one in module.body if isinstance(one, ast.ImportFrom) and one.module == _TYPED_BY_NAME]
    rest = [one for one in module.body if one not in future]
    return "\n".join(map(ast.unparse, future)), "\n".join(map(ast.unparse, rest)) + "\n"


@mutation
def nested_in_a_function(text: str) -> str | None:
    future, rest = _lifted(text)
    if "import *" in rest:
        return None
    return f"{future}\ndef outer():\n{_indented(rest)}    return locals()\n\nouter()\n"


@mutation
def behind_a_condition(text: str) -> str:
    future, rest = _lifted(text)
    return f"{future}\nif True:\n{_indented(rest)}"


@mutation
def in_a_try(text: str) -> str:
    future, rest = _lifted(text)
    return f"{future}\ntry:\n{_indented(rest)}finally:\n    pass\n"


@mutation
def in_a_loop(text: str) -> str:
    future, rest = _lifted(text)
    return f"{future}\nfor _ in (1,):\n{_indented(rest)}"


@mutation
def in_a_context(text: str) -> str:
    future, rest = _lifted(text)
    return f"{future}\nimport contextlib\nwith contextlib.nullcontext():\n{_indented(rest)}"


@mutation
def decorated(text: str) -> str | None:
    module = ast.parse(text)
    functions = [one for one in ast.walk(module) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    for one in functions:
        one.decorator_list.insert(0, ast.Name("decorate", ast.Load()))
    decorator = "def decorate(function):\n    return function\n\n\n"
    return decorator + ast.unparse(ast.fix_missing_locations(module)) if functions else None


@mutation
def in_a_class(text: str) -> str | None:
    module = ast.parse(text)
    functions = [one for one in module.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    if len(functions) != 1:
        return None
    functions[0].decorator_list.insert(0, ast.Name("staticmethod", ast.Load()))
    index = module.body.index(functions[0])
    module.body[index] = ast.parse("class Holder:\n    pass").body[0]
    holder = module.body[index]
    assert isinstance(holder, ast.ClassDef)
    holder.body = [functions[0]]
    return ast.unparse(ast.fix_missing_locations(module))


class _Renaming(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.copy_location(ast.Name(self.names.get(node.id, node.id), node.ctx), node)


def _imported(module: ast.Module) -> list[ast.alias]:
    imports = [one for one in ast.walk(module) if isinstance(one, ast.Import | ast.ImportFrom)]
    return [
        alias
        for one in imports
        for alias in one.names
        if alias.name != "*" and not (isinstance(one, ast.ImportFrom) and one.module == _TYPED_BY_NAME)
    ]


@mutation
def imported_under_another_name(text: str) -> str | None:
    module = ast.parse(text)
    names = {}
    for number, alias in enumerate(_imported(module)):
        if "." in alias.name and not alias.asname:
            continue
        names[alias.asname or alias.name] = alias.asname = f"alias{number}"
    if not names:
        return None
    return ast.unparse(ast.fix_missing_locations(_Renaming(names).visit(module)))


@mutation
def imported_by_importlib(text: str) -> str | None:
    module = ast.parse(text)
    body: list[ast.stmt] = ast.parse("import importlib").body
    replaced = False
    for one in module.body:
        if isinstance(one, ast.Import) and all("." not in alias.name for alias in one.names):
            for alias in one.names:
                name = alias.asname or alias.name
                body += ast.parse(f"{name} = importlib.import_module({alias.name!r})").body
            replaced = True
        else:
            body.append(one)
    module.body = body
    return ast.unparse(module) if replaced else None


@mutation
def imported_inside_the_functions(text: str) -> str | None:
    module = ast.parse(text)
    imports = [one for one in module.body if isinstance(one, ast.Import | ast.ImportFrom)]
    others = [one for one in module.body if one not in imports]
    if (
        not imports
        or not others
        or not all(isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) for one in others)
    ):
        return None
    if any(isinstance(one, ast.ImportFrom) and one.names[0].name == "*" for one in imports):
        return None
    for one in others:
        assert isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        annotated = [*one.args.args, *one.args.kwonlyargs]
        if any(argument.annotation for argument in annotated) or one.decorator_list or one.args.defaults:
            return None
        one.body = [*imports, *one.body]
    return "\n\n".join(map(ast.unparse, others)) + "\n"


class _CallsByName(ast.NodeTransformer):
    """Turns `a.b(x)` into `getattr(a, 'b')(x)`."""

    def __init__(self) -> None:
        self.count = 0

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not isinstance(node.func, ast.Attribute):
            return node
        self.count += 1
        fetched = ast.Call(
            ast.Name("getattr", ast.Load()), [node.func.value, ast.Constant(node.func.attr)], []
        )
        return ast.copy_location(ast.Call(fetched, node.args, node.keywords), node)


@mutation
def called_through_getattr(text: str) -> str | None:
    transformer = _CallsByName()
    module = ast.fix_missing_locations(transformer.visit(ast.parse(text)))
    return ast.unparse(module) if transformer.count else None


class _CallsThroughWalrus(ast.NodeTransformer):
    def __init__(self) -> None:
        self.count = 0

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
            self.count += 1
            held = ast.NamedExpr(ast.Name(f"held{self.count}", ast.Store()), call.func)
            return ast.copy_location(ast.Expr(ast.Call(held, call.args, call.keywords)), node)
        return node


@mutation
def called_through_a_walrus(text: str) -> str | None:
    transformer = _CallsThroughWalrus()
    module = ast.fix_missing_locations(transformer.visit(ast.parse(text)))
    return ast.unparse(module) if transformer.count else None


@mutation
def with_windows_line_ends_and_a_mark(text: str) -> str | None:
    if "coding:" in text:
        return None
    return "\ufeff" + text.replace("\n", "\r\n")


@mutation
def moved_down_by_a_docstring(text: str) -> str:
    future, rest = _lifted(text)
    return f'"""A module."""\n{future}\n\n# A remark.\n\n\n{rest}'
