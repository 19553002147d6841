"""Every public verb of a domain takes `caller` first and begins by deciding access (or is excepted, with a reason).

A verb is a public async function or method of a public class in a domain package, its store apart. It begins with
access if nothing but assignments that wait for nothing stands before a call of `access_…`, or of `check_may_…` with
the caller where there is no object yet. The call may stand in the unit of work that the verb defines and hands to the
database, or in another verb of the same module to which the verb hands its `caller`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from tools.access_exceptions import EXCEPTIONS

Verb = ast.AsyncFunctionDef
Function = ast.FunctionDef | ast.AsyncFunctionDef

# Not domains: the wire, what domains stand on, the edges, which hold no verbs of their own, and what the command line
# does for whoever holds the disk.
OTHERS = {
    "protocol",
    "core",
    "infra",
    "platforms",
    "gateway",
    "openapi",
    "backup",
    "metrics",
    "migrations",
    "web",
}


def check_services(root: Path, exceptions: Mapping[str, str] = EXCEPTIONS) -> Iterator[str]:
    """Findings over the domains below root, and exceptions that nothing needs any more."""
    used: set[str] = set()
    package = root / "src" / "chaguan"
    for path in sorted(package.glob("*/**/*.py")):
        domain, *rest = path.relative_to(package).with_suffix("").parts
        if domain in OTHERS or "store" in rest:
            continue
        for line, verb, fault in check_source(path.read_text()):
            owner = f"{domain}.{verb.split('.')[0]}"
            excepted = next((name for name in (f"{domain}.{verb}", owner) if name in exceptions), None)
            if excepted:
                used.add(excepted)
            else:
                yield f"{path.relative_to(root)}:{line}: {verb} {fault}"
    for name in sorted(set(exceptions) - used):
        yield f"tools/access_exceptions.py: the exception for {name} is not needed any more; remove it"


def check_source(source: str) -> Iterator[tuple[int, str, str]]:
    """Yields (line, verb, fault) for each verb of one module that breaks the rule; methods as Class.method."""
    verbs = list(_verbs(ast.parse(source)))
    names = {verb.name for _, verb in verbs}
    for name, verb in verbs:
        parameters = [argument.arg for argument in [*verb.args.posonlyargs, *verb.args.args]]
        if parameters and parameters[0] in ("self", "cls"):
            parameters = parameters[1:]
        if not parameters or parameters[0] != "caller":
            yield verb.lineno, name, "does not take `caller` first"
        elif not _begins_with_access(verb.body, names - {verb.name}):
            yield verb.lineno, name, "does not begin with an `access_` call"


def _verbs(tree: ast.Module) -> Iterator[tuple[str, Verb]]:
    """Verbs with their names. access_ functions are the doors themselves; a Protocol only names what others do."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            if node.name.startswith("_") or any(
                ast.unparse(parent).startswith("Protocol") for parent in node.bases
            ):
                continue
            members, prefix = node.body, f"{node.name}."
        else:
            members, prefix = [node], ""
        for member in members:
            if isinstance(member, Verb) and not member.name.startswith(("_", "access_")):
                yield prefix + member.name, member


def _begins_with_access(body: list[ast.stmt], verbs: set[str]) -> bool:
    for statement in body:
        if _is_docstring(statement):
            continue
        if isinstance(statement, Function):
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
    hands_caller_on = bool(call.args) and isinstance(call.args[0], ast.Name) and call.args[0].id == "caller"
    if name.startswith("access_") or (name.startswith("check_may_") and hands_caller_on):
        return True
    owner = function.value if isinstance(function, ast.Attribute) else None
    is_own = owner is None or (isinstance(owner, ast.Name) and owner.id == "self")
    return name in verbs and hands_caller_on and is_own
