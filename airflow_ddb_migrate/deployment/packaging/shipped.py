"""The modules of this package that ship in the Lambda's zip: those that its code imports.

They are found in the sources. Imports inside functions count, too.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_PACKAGE = Path(__file__).parents[2]
_SHIPPING = ("core", "aws")  # they do not import Airflow; a transform can import no other part


def package_files(code: Iterable[bytes]) -> dict[str, bytes]:
    """Return the files of this package that the sources ``code`` need, by path in the zip.

    A module also needs its packages, and its data: a JSON file of the same name.
    """
    ours, found = _modules(), dict[str, Path]()
    waiting = [ours[""].read_bytes(), *code]
    while waiting:
        names = {name for module in _imported(waiting.pop()) for name in _with_packages(module)}
        new = {name: ours[name] for name in names & ours.keys() - found.keys()}
        found.update(new)
        waiting += [path.read_bytes() for path in new.values()]
    files = [ours[""], *found.values()]
    data = [path for path in (file.with_suffix(".json") for file in files) if path.exists()]
    return {
        path.relative_to(_PACKAGE.parent).as_posix(): path.read_bytes() for path in (*files, *data)
    }


def _modules() -> Mapping[str, Path]:
    """Return our modules that can ship, by import path; the package itself is ''."""
    paths = [path for layer in _SHIPPING for path in (_PACKAGE / layer).rglob("*.py")]
    return {"": _PACKAGE / "__init__.py", **{_import_path(path): path for path in paths}}


def _import_path(path: Path) -> str:
    parts = path.relative_to(_PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(source: bytes) -> Iterator[str]:
    """Yield what a source imports: modules, and names that could be modules.

    A transform with a syntax error imports nothing; the check before a deploy reports the error.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in _running(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield every node, except what only type checkers read."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _running(child)


def _with_packages(module: str) -> Iterator[str]:
    parts = module.split(".")
    return (".".join(parts[: length + 1]) for length in range(1, len(parts)))
