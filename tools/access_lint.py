"""Every public verb of a service takes `caller` first and begins with an `access_…` call (or is excepted, with a reason).

What counts as beginning: nothing but assignments that wait for nothing may stand before it. The call may stand in
the unit of work that the verb defines and hands to the database, or in another verb of the same service to which
the verb hands its `caller`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

Verb = ast.FunctionDef | ast.AsyncFunctionDef

# "<domain>.<verb>" -> why this verb cannot find and authorize an object first.
EXCEPTIONS: dict[str, str] = {}


def check_services(root: Path, exceptions: Mapping[str, str] = EXCEPTIONS) -> Iterator[str]:
    """Findings over src/chaguan/*/service.py below root, and exceptions that no verb needs any more."""
    used: set[str] = set()
    for path in sorted((root / "src" / "chaguan").glob("*/service.py")):
        for line, verb, fault in check_source(path.read_text()):
            name = f"{path.parent.name}.{verb}"
            if name in exceptions:
                used.add(name)
            else:
                yield f"{path.relative_to(root)}:{line}: {verb} {fault}"
    for name in sorted(set(exceptions) - used):
        yield f"tools/access_lint.py: the exception for {name} is not needed any more; remove it"


def check_source(source: str) -> Iterator[tuple[int, str, str]]:
    """Yields (line, verb, fault) for each verb of one service.py that breaks the rule."""
    tree = ast.parse(source)
    verbs = list(_verbs(tree))
    names = {verb.name for verb in verbs}
    for verb in verbs:
        parameters = [argument.arg for argument in [*verb.args.posonlyargs, *verb.args.args]]
        if parameters and parameters[0] in ("self", "cls"):
            parameters = parameters[1:]
        if not parameters or parameters[0] != "caller":
            yield verb.lineno, verb.name, "does not take `caller` first"
        elif not _begins_with_access(verb.body, names - {verb.name}):
            yield verb.lineno, verb.name, "does not begin with an `access_` call"


def _verbs(tree: ast.Module) -> Iterator[Verb]:
    for node in tree.body:
        members = node.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_") else [node]
        for member in members:
            # access_ functions are the doors themselves.
            if isinstance(member, Verb) and not member.name.startswith(("_", "access_")):
                yield member


def _begins_with_access(body: list[ast.stmt], verbs: set[str]) -> bool:
    for statement in body:
        if _is_docstring(statement):
            continue
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            return _begins_with_access(statement.body, verbs)
        if isinstance(statement, ast.With | ast.AsyncWith):
            opened = any(_authorizes(item.context_expr, verbs) for item in statement.items)
            return opened or _begins_with_access(statement.body, verbs)
        if isinstance(statement, ast.Expr | ast.Assign | ast.AnnAssign | ast.Return) and _authorizes(
            statement, verbs
        ):
            return True
        if not _is_quiet_assignment(statement):
            return False
    return False


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_quiet_assignment(statement: ast.stmt) -> bool:
    assigns = isinstance(statement, ast.Assign | ast.AnnAssign)
    return assigns and not any(isinstance(node, ast.Await) for node in ast.walk(statement))


def _authorizes(node: ast.AST, verbs: set[str]) -> bool:
    return any(isinstance(call, ast.Call) and _is_access(call, verbs) for call in ast.walk(node))


def _is_access(call: ast.Call, verbs: set[str]) -> bool:
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name.startswith("access_"):
        return True
    hands_caller_on = bool(call.args) and isinstance(call.args[0], ast.Name) and call.args[0].id == "caller"
    owner = function.value if isinstance(function, ast.Attribute) else None
    is_own = owner is None or (isinstance(owner, ast.Name) and owner.id == "self")
    return name in verbs and hands_caller_on and is_own
