"""The files of a user's folder to deploy: all except tests, caches, hidden files and secrets."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Final

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.core.limits import LAMBDA_UNZIPPED_BYTES, TRANSFORM_FILES
from airflow_ddb_migrate.deployment.reading.names import name_problem, plain, twins
from airflow_ddb_migrate.deployment.reading.regular_files import Entry, OpenFolder, opened_folder
from airflow_ddb_migrate.deployment.reading.secrets import is_secret, written_keys

REQUIREMENTS: Final = "requirements.txt"

_SHOWN = 8
_SECRETS = "secrets"
_PACKAGES = "packages"
# Why something is left out, by patterns of lower-case names; a folder's ends with "/".
_LEFT_OUT: Final = {
    "tests": ("test_*.py", "*_test.py", "conftest.py", "tests/"),
    "caches": ("__pycache__/", "*.pyc", "*.pyo", ".*_cache/", "*.egg-info/", "node_modules/"),
    "hidden": (".*",),
    _PACKAGES: ("*.whl",),  # requirements.txt can refer to them
}
_TOP_LEVEL: Final = {REQUIREMENTS: _PACKAGES, "__init__.py": "replaced by ours"}


@dataclass(frozen=True, slots=True)
class UserFiles:
    """The folder's files by path in the zip, the names left out by reason, and the transforms."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    left_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    transforms: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines on what is shipped and what is not; each secret by name."""
        if not self.files:
            return ()
        names = [name.removeprefix("transforms/") for name in self.files]
        size = sum(map(len, self.files.values()))
        shipped = f"Shipped: {_some(names)} ({size:,} bytes)"
        left = (
            f"{why} ({_some(found, len(found) if why == _SECRETS else _SHOWN)})"
            for why, found in self.left_out.items()
        )
        lines = (shipped, f"Left out: {'; '.join(left)}") if self.left_out else (shipped,)
        return (*lines, *self._warnings())

    def without_packages(self, names: Iterable[str]) -> "UserFiles":
        """Return the files without those that only list packages.

        :param names: paths in the folder.
        """
        asked = {plain(f"transforms/{name}") for name in names}
        files = {name: text for name, text in self.files.items() if plain(name) not in asked}
        gone = (name.removeprefix("transforms/") for name in self.files if name not in files)
        left = sorted({*self.left_out.get(_PACKAGES, ()), *gone})
        left_out = {**self.left_out, **({_PACKAGES: tuple(left)} if left else {})}
        return replace(self, files=files, left_out=dict(sorted(left_out.items())))

    def _warnings(self) -> Iterator[str]:
        """Yield a warning for each key that seems to be written in a file; never the key itself."""
        for name, content in self.files.items():
            for where in written_keys(content):
                yield (
                    f"Warning: {name.removeprefix('transforms/')}, {where}. Users who can read the "
                    "Lambda's code can read it. Remove it from the file, and replace the key."
                )


def read_folder(folder: Path) -> UserFiles:
    """Read the files of a folder that are deployed, each under ``transforms/``.

    :raises InvalidInputError: it is not a folder, or has no transform, too many files or bytes, or
        something that cannot be shipped. The message names it.
    """
    try:
        contents, left_out = _contents(folder)
    except OSError as exc:
        raise InvalidInputError(
            f"--transforms: {str(exc.filename)!r} cannot be read: {exc.strerror}. Make it "
            "readable, or move it out of the folder."
        ) from exc
    transforms = tuple(n for n in contents if _may_be_transform(n) and _defines(n, contents[n]))
    _require_names(folder, transforms)
    return UserFiles(
        files={f"transforms/{name}": content for name, content in contents.items()},
        left_out={why: tuple(sorted(left_out[why])) for why in sorted(left_out)},
        transforms=tuple(name.removesuffix(".py") for name in transforms),
    )


def require_size(sizes: Mapping[str, int]) -> None:
    """Raise InvalidInputError for more bytes than Lambda allows; names the largest parts."""
    total = sum(sizes.values())
    if total > LAMBDA_UNZIPPED_BYTES:
        largest = sorted(sizes.items(), key=lambda row: -row[1])[:3]
        parts = ", ".join(f"{name} {size:,}" for name, size in largest)
        raise InvalidInputError(
            f"The zip would have {total:,} bytes unzipped; Lambda allows "
            f"{LAMBDA_UNZIPPED_BYTES:,}. The largest parts: {parts}. Remove what the transforms "
            f"do not need from the folder or {REQUIREMENTS}."
        )


def admitted(files: Mapping[str, bytes]) -> UserFiles:
    """Return files that were deployed before, without secrets; their ``transforms`` are unknown.

    :param files: contents by path in the zip.
    :raises InvalidInputError: a name cannot be shipped.
    """
    for name in files:
        problem = name_problem(name)
        if problem or not name.startswith("transforms/"):
            raise InvalidInputError(f"{name!a} {problem or 'is not below transforms/'}.")
    require_no_twins(files)
    secrets = {name for name in files if _is_below_secret(name)}
    return UserFiles(
        files={name: content for name, content in files.items() if name not in secrets},
        left_out={_SECRETS: tuple(sorted(secrets))} if secrets else {},
    )


def _is_below_secret(name: str) -> bool:
    *folders, file = name.split("/")
    return is_secret(file) or any(is_secret(f"{folder}/") for folder in folders)


def _contents(folder: Path) -> tuple[dict[str, bytes], dict[str, list[str]]]:
    """Return the files to ship by name in the folder, and those left out by reason."""
    if not folder.is_dir():
        raise InvalidInputError(
            f"--transforms is {str(folder)!r}, which is not a folder. Give the folder with your "
            "transforms, one Python file each."
        )
    with opened_folder(folder) as opened:
        entries, left_out = _walk(opened, folder)
        require_size({name: entry.status.st_size for name, entry in entries.items()})
        return {name: opened.read(entry) for name, entry in sorted(entries.items())}, left_out


def _walk(opened: OpenFolder, root: Path) -> tuple[dict[str, Entry], dict[str, list[str]]]:
    found: dict[str, Entry] = {}
    left_out: dict[str, list[str]] = {}
    waiting, seen = [""], 0
    while waiting:
        for entry in islice(opened.entries(waiting.pop()), TRANSFORM_FILES + 1):
            seen += 1
            if seen > TRANSFORM_FILES:
                raise InvalidInputError(
                    f"--transforms {str(root)!r} has more than {TRANSFORM_FILES:,} files and "
                    "folders, which is the limit. Give a folder with only the transforms."
                )
            why = _reason(entry, opened)
            _require_shippable(entry, root, why)
            if why:
                left_out.setdefault(why, []).append(entry.name)
            elif entry.is_folder:
                waiting.append(entry.name)
            else:
                found[entry.name] = entry
    require_no_twins(found)
    return found, left_out


def _reason(entry: Entry, opened: OpenFolder) -> str:
    """Return why it is left out; empty if it is not."""
    if entry.name in _TOP_LEVEL:
        return _TOP_LEVEL[entry.name]
    name = entry.name.rpartition("/")[2] + "/" * entry.is_folder
    if is_secret(name):
        return _SECRETS
    if entry.is_folder and opened.entry(f"{entry.name}/pyvenv.cfg"):
        return "caches"
    for why, patterns in _LEFT_OUT.items():
        if any(fnmatch(name.lower(), pattern) for pattern in patterns):
            return why
    return ""


def _require_shippable(entry: Entry, root: Path, why: str) -> None:
    """Raise InvalidInputError for anything but regular files, folders and what is left out."""
    problem = name_problem(entry.name, is_folder=entry.is_folder)
    is_walked = entry.is_folder and not why
    if entry.kind and not problem and not is_walked and why in {"", _PACKAGES}:
        problem = (
            f"is {entry.kind}, but only regular files are deployed. Put a copy there, or remove it"
        )
    if problem:
        raise InvalidInputError(f"--transforms {str(root)!r}: {entry.name!a} {problem}.")


def require_no_twins(names: Iterable[str]) -> None:
    """Raise InvalidInputError for names that differ only by case, or by the form of accents."""
    if pair := twins(names):
        raise InvalidInputError(
            f"{pair[0]!r} and {pair[1]!r} are the same name on systems that ignore case, such as "
            "macOS and Windows. Rename one of them."
        )


def _may_be_transform(name: str) -> bool:
    return name.endswith(".py") and "/" not in name and not name.startswith("_")


def _defines(name: str, source: bytes) -> bool:
    """Return whether a module defines ``transform``; also True if its syntax is wrong."""
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
    """Raise InvalidInputError without transforms, or if a file's name cannot be imported."""
    wrong = next((n for n in transforms if not n.removesuffix(".py").isidentifier()), None)
    if wrong:
        raise InvalidInputError(
            f"--transforms {str(folder)!r} has {wrong!r}, which is not a valid name of a Python "
            "module. Use letters, digits and '_', as in add_updated_at.py."
        )
    if not transforms:
        raise InvalidInputError(
            f"--transforms {str(folder)!r} has no transforms. A transform is a Python file with a "
            "function transform(item, context) whose name does not begin with '_'. All other "
            "files are helpers."
        )


def _some(names: list[str] | tuple[str, ...], most: int = _SHOWN) -> str:
    more = f", and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
