"""Finds an exception's text in the source of a transform, where no item's value can be."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

_NO_TREE = ast.Module(body=[], type_ignores=[])


def raised_text(path: str, line: int) -> str:
    """Return the first argument of the ``raise`` statement on a line, if it is text.

    The expressions of an f-string are shown as they are written, in place of their values; a
    constant of the file is replaced by its text.
    """
    statement = _statement(path, line)
    if isinstance(statement, ast.Raise) and isinstance(statement.exc, ast.Call):
        argument = next(iter(statement.exc.args), None)
        if isinstance(argument, ast.Name):
            return _constants(path).get(argument.id, "")
        return _written(argument)
    return ""


def has_literal(path: str, line: int, text: str) -> bool:
    """Return whether a text is a literal in the statement on a line.

    A ``raise`` without arguments gets its text from a class, so any literal in the file will do.
    """
    statement = _statement(path, line)
    if isinstance(statement, ast.Raise) and not _has_arguments(statement.exc):
        return text in _literals(_tree(path))
    if statement is None or hasattr(statement, "body"):
        return text in _literals(_tree(path), line)
    return text in _literals(statement)


def _has_arguments(raised: ast.expr | None) -> bool:
    return isinstance(raised, ast.Call) and bool(raised.args or raised.keywords)


def _literals(tree: ast.AST, line: int | None = None) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and (line is None or _covers(node, line)):
            yield node.value if isinstance(node.value, str) else ""


def _covers(node: ast.expr | ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _statement(path: str, line: int) -> ast.stmt | None:
    """Return the innermost statement on a line."""
    found = None
    for node in ast.walk(_tree(path)):  # breadth first: the innermost comes last
        if isinstance(node, ast.stmt) and _covers(node, line):
            found = node
    return found


@functools.lru_cache
def _tree(path: str) -> ast.Module:
    try:
        return ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return _NO_TREE


def _constants(path: str) -> dict[str, str]:
    """Return the texts of the file's constants by name."""
    return {
        target.id: _written(node.value)
        for node in _tree(path).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _written(node: ast.expr | None) -> str:
    """Return a text as it is written, with what is only known at run time in braces."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_part, node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _written(node.left)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return "".join(_written(side) or _braced(side) for side in (node.left, node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return _written(node.func.value)  # "...".format(...)
    return ""


def _part(node: ast.expr) -> str:
    return _braced(node.value) if isinstance(node, ast.FormattedValue) else _written(node)


def _braced(node: ast.expr) -> str:
    return f"{{{ast.unparse(node)}}}"
