"""What of a user's folder is deployed: everything but tests, caches, hidden files and secrets."""

import ast
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Final

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import LAMBDA_UNZIPPED_BYTES, TRANSFORM_FILES

REQUIREMENTS: Final = "requirements.txt"

_SHOWN = 8
# Why something is left out, by patterns of names in lower case; a folder's end with "/".
_LEFT_OUT: Final = {
    "secrets": (
        *(".env", ".env.*", "*.env", "*.pem", "*.key", "*.p12", "*.pfx", "*.ppk", "*.jks"),
        *("*.keystore", "*.kdbx", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"),
        *("credentials", "credentials.json", "credentials.csv", "service-account*.json"),
        *("secrets.json", "secrets.y*ml", "secrets.toml", "*.tfstate", "*.tfvars"),
        *(".netrc", ".pypirc", ".pgpass", ".npmrc", ".git-credentials", ".aws/", ".ssh/"),
    ),
    "tests": ("test_*.py", "*_test.py", "conftest.py", "tests/"),
    "caches": ("__pycache__/", "*.pyc", "*.pyo", ".*_cache/", "*.egg-info/", "node_modules/"),
    "hidden": (".*",),
    "packages": ("*.whl",),  # requirements.txt may find them here
}
_TOP_LEVEL: Final = {REQUIREMENTS: "packages", "__init__.py": "replaced by ours"}


@dataclass(frozen=True, slots=True)
class UserFiles:
    """The folder's files by their path in the zip, the names left out by reason, the transforms."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    transforms: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is shipped and what is not, in a few lines; secrets each by name."""
        if not self.files:
            return ()
        names = [name.removeprefix("transforms/") for name in self.files]
        size = sum(map(len, self.files.values()))
        shipped = f"Shipped: {_some(names)} ({size:,} bytes)"
        left = (
            f"{why} ({_some(found, len(found) if why == 'secrets' else _SHOWN)})"
            for why, found in self.left_out.items()
        )
        return (shipped, f"Left out: {'; '.join(left)}") if self.left_out else (shipped,)


def read_folder(folder: Path) -> UserFiles:
    """Read what is deployed of a folder, each file under ``transforms/``.

    :raises InvalidInputError: it is no folder, holds no transform, too many files or bytes, or
        something that cannot be shipped; the message names it.
    """
    try:
        if not folder.is_dir():
            raise InvalidInputError(
                f"--transforms is {str(folder)!r}, which is no folder. Give the folder that holds "
                "your transforms, one Python file each."
            )
        paths, left_out = _walk(folder.resolve())
        require_size({name: path.stat().st_size for name, path in paths.items()})
        contents = {name: path.read_bytes() for name, path in sorted(paths.items())}
    except OSError as exc:
        raise InvalidInputError(
            f"--transforms: {exc.filename!r} cannot be read: {exc.strerror}. Make it readable, or "
            "move it out of the folder."
        ) from exc
    transforms = tuple(n for n in contents if _may_be_transform(n) and _defines(n, contents[n]))
    _require_names(folder, transforms)
    return UserFiles(
        files={f"transforms/{name}": content for name, content in contents.items()},
        left_out={why: tuple(sorted(left_out[why])) for why in sorted(left_out)},
        transforms=tuple(name.removesuffix(".py") for name in transforms),
    )


def require_size(sizes: Mapping[str, int]) -> None:
    """Raise InvalidInputError for more bytes than a Lambda takes, by what they are of."""
    total = sum(sizes.values())
    if total > LAMBDA_UNZIPPED_BYTES:
        largest = sorted(sizes.items(), key=lambda row: -row[1])[:3]
        parts = ", ".join(f"{name} {size:,}" for name, size in largest)
        raise InvalidInputError(
            f"What would be deployed has {total:,} bytes; Lambda takes {LAMBDA_UNZIPPED_BYTES:,}. "
            f"The largest: {parts}. Remove what the transforms do not need from the folder or "
            f"{REQUIREMENTS}."
        )


def _walk(root: Path) -> tuple[dict[str, Path], dict[str, list[str]]]:
    """Return the files to ship by their name in the folder, and what is left out, by reason."""
    paths: dict[str, Path] = {}
    left_out: dict[str, list[str]] = {}
    waiting, seen = [root], 0
    while waiting:
        for entry in _entries(waiting.pop(), TRANSFORM_FILES + 1):
            seen += 1
            if seen > TRANSFORM_FILES:
                raise InvalidInputError(
                    f"--transforms {str(root)!r} holds more than {TRANSFORM_FILES:,} files and "
                    "folders, the most that are looked at. Give a folder with the transforms alone."
                )
            name = _shippable_name(entry, root)
            if why := _reason(entry, name):
                left_out.setdefault(why, []).append(name)
            elif entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            else:
                paths[name] = _regular(Path(entry.path), name, root)
    return paths, left_out


def _entries(folder: Path, limit: int) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from islice(entries, limit)


def _shippable_name(entry: os.DirEntry[str], root: Path) -> str:
    name = Path(entry.path).relative_to(root).as_posix()
    if not name.isprintable():  # half a surrogate pair stands for bytes that are no UTF-8
        raise InvalidInputError(
            f"--transforms {str(root)!r} holds {name!a}, a name with control characters or "
            "bytes that are no UTF-8. Rename it."
        )
    return name


def _reason(entry: os.DirEntry[str], name: str) -> str:
    """Return why it is left out; empty when it is not. A link may not hide what it leads to."""
    if name in _TOP_LEVEL:
        return _TOP_LEVEL[name]
    is_dir = entry.is_dir(follow_symlinks=False)
    if is_dir and (Path(entry.path) / "pyvenv.cfg").exists():
        return "caches"
    names = [entry.name + "/" * is_dir]
    if entry.is_symlink():
        names.append(os.path.basename(os.path.realpath(entry.path)))  # noqa: PTH119  # no errors
    for why, patterns in _LEFT_OUT.items():
        if any(fnmatch(name.lower(), pattern) for name in names for pattern in patterns):
            return why
    return ""


def _regular(path: Path, name: str, root: Path) -> Path:
    """Return the file, a link's target; raises InvalidInputError for all that is none in here."""
    target = Path(os.path.realpath(path))
    if not target.is_relative_to(root):
        raise InvalidInputError(
            f"--transforms {str(root)!r}: {name!r} is a link out of the folder. Only what lies in "
            "it is deployed: put a copy there."
        )
    if not target.is_file():
        what = "a link to a folder or to nothing" if path.is_symlink() else "no regular file"
        raise InvalidInputError(
            f"--transforms {str(root)!r}: {name!r} is {what}. Only regular files are deployed, and "
            "links to them: remove it."
        )
    return target


def _may_be_transform(name: str) -> bool:
    return name.endswith(".py") and "/" not in name and not name.startswith("_")


def _defines(name: str, source: bytes) -> bool:
    """Return whether a module binds ``transform``; of a broken one the import check says why."""
    try:
        return _binds(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return name.removesuffix(".py").isidentifier()


def _binds(node: ast.AST) -> bool:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return node.name == "transform"
    if isinstance(node, ast.alias):
        return (node.asname or node.name) == "transform"
    if isinstance(node, ast.Name):
        return node.id == "transform" and isinstance(node.ctx, ast.Store)
    return any(map(_binds, ast.iter_child_nodes(node)))


def _require_names(folder: Path, transforms: tuple[str, ...]) -> None:
    """Raise InvalidInputError where no transform can be imported by the name of its file."""
    wrong = next((n for n in transforms if not n.removesuffix(".py").isidentifier()), None)
    if wrong:
        raise InvalidInputError(
            f"--transforms {str(folder)!r} holds {wrong!r}, which is no name of a Python module. "
            "Use letters, digits and '_', as in add_updated_at.py."
        )
    if not transforms:
        raise InvalidInputError(
            f"--transforms {str(folder)!r} holds no transforms. Each is one Python file with a "
            "function transform(item, context) and a name that does not begin with '_'; all other "
            "files are helpers."
        )


def _some(names: list[str] | tuple[str, ...], most: int = _SHOWN) -> str:
    more = f", and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
