"""Finds the folders that ship as data: in a checkout beside the package, in a wheel inside it."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return the folder ``lambda``, ``deploy`` or ``dags``."""
    inside = _PACKAGE / "_data" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def package_files() -> dict[str, Path]:
    """Return what of this package the Lambda zip holds, by its path in the zip."""
    parts = [_PACKAGE / "__init__.py"]
    for layer in ("core", "aws"):
        parts += [p for p in (_PACKAGE / layer).rglob("*") if p.suffix in {".py", ".json"}]
    return {path.relative_to(_PACKAGE.parent).as_posix(): path for path in parts}
