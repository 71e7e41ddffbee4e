"""The Lambda's zip. The same files always give the same bytes and the same hash."""

import io
import zipfile
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from airflow_ddb_migrate import resources
from airflow_ddb_migrate.core.bindings import Bindings
from airflow_ddb_migrate.core.code_hash import USER_HASH_FILE, content_hash
from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.deployment.packaging.deployed_part import BINDINGS, UserPart
from airflow_ddb_migrate.deployment.packaging.packages import Packages, resolve_packages
from airflow_ddb_migrate.deployment.packaging.requirements import read_requirements
from airflow_ddb_migrate.deployment.packaging.runtime import Runtime, lambda_runtime
from airflow_ddb_migrate.deployment.packaging.shipped import package_files
from airflow_ddb_migrate.deployment.packaging.user_files import (
    UserFiles,
    read_folder,
    require_no_twins,
    require_size,
)

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can have
_MODE = 0o644 << 16
_UNIX = 3  # otherwise the zip has the operating system that made it
_HASH_CHARS = 16


@dataclass(frozen=True, slots=True)
class Bundle:
    """The zip and what is in it.

    ``code_hash`` depends on names, contents and the template only: a published version keeps code
    and settings together, so other settings are a new version, too. ``own`` are the user's
    transforms; ``replaced`` are those that replace one of ours. ``notes`` are lines on what of the
    user's folder ships and what does not. ``bindings`` are in the zip, too, but no transform's hash
    covers them.
    """

    content: bytes
    code_hash: str
    transforms: tuple[str, ...]
    own: tuple[str, ...]
    replaced: tuple[str, ...]
    notes: tuple[str, ...]
    packages: Packages
    runtime: Runtime
    bindings: Bindings

    @property
    def sha256(self) -> str:
        """The zip's SHA-256 in the form in which Lambda returns it; compared after a deploy."""
        return sha256_of(self.content)

    def unnamed(self, deleting: Sequence[str]) -> str:
        """Return which deleting transforms are off, since they are not bound; empty for none."""
        named = {name for names in self.bindings.rows.values() for name in names}
        off = sorted(set(deleting) - named)
        if not off:
            return ""
        return (
            f"Off, since they delete items and are not bound to a table: {', '.join(off)}. To "
            f"allow one on a table: --table TABLE:{off[0]}"
        )


def build(
    transforms_dir: Path | None = None,
    runtime: Runtime | None = None,
    deployed: UserPart | None = None,
    bindings: Bindings | None = None,
) -> Bundle:
    """Build the zip from this package, the user's own folder, and what its requirements.txt names.

    A user's transform replaces one of ours with the same name; ``replaced`` lists them.

    :param runtime: the Python that will run it; by default the template's.
    :param deployed: used instead of a folder, if none is given.
    :param bindings: which transforms may work on which tables; none by default.
    :raises InvalidInputError: the folder is missing, has no transforms, or has something that
        cannot be shipped; its requirements.txt cannot be resolved; the whole is too large for
        Lambda; a table is bound to a transform that does not exist.
    """
    runtime = runtime or lambda_runtime()
    ours = _ours()
    part = _part(transforms_dir, runtime) if transforms_dir else deployed or UserPart()
    part.require_runs_on(runtime)
    theirs, packages = part.files, part.packages
    bindings = bindings or Bindings()
    said = {**part.manifest(), BINDINGS: bindings.to_json()}
    contents = _contents({**ours, **theirs.files}, packages, said)
    shipped = {_module_name(name) for name in ours} - {""}
    transforms = tuple(sorted(shipped.union(theirs.transforms)))
    bindings.require_known(transforms)
    _require_no_twin(transforms, theirs)
    return Bundle(
        content=_zip(contents),
        code_hash=short_hash({**contents, "": _template()}),
        transforms=transforms,
        own=tuple(sorted(theirs.transforms)),
        replaced=tuple(sorted(shipped.intersection(theirs.transforms))),
        notes=(*theirs.notes, *packages.notes(runtime)),
        packages=packages,
        runtime=runtime,
        bindings=bindings,
    )


def _contents(
    code: Mapping[str, bytes], packages: Packages, said: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return the zip's content, in order; raises InvalidInputError if it is too large."""
    user = {name: content for name, content in code.items() if name.startswith("transforms/")}
    engine = {name: content for name, content in code.items() if name not in user}
    python = (content for name, content in code.items() if name.endswith(".py"))
    engine |= {**package_files(python), **said}
    of_user = content_hash({**user, **packages.files})
    engine[f"ddb_transform/{USER_HASH_FILE}"] = of_user.encode()
    sizes = {name: len(content) for name, content in user.items()}
    require_size({"the engine": sum(map(len, engine.values())), **sizes, **packages.sizes})
    return dict(sorted({**user, **engine, **packages.files}.items()))


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 in base64, as S3 and Lambda write it."""
    return b64encode(sha256(content).digest()).decode()


def short_hash(contents: Mapping[str, bytes]) -> str:
    """Return a short hash of names and contents, for use in a name."""
    return content_hash(contents)[:_HASH_CHARS]


def _part(transforms_dir: Path, runtime: Runtime) -> UserPart:
    files = read_folder(transforms_dir)
    requirements = read_requirements(transforms_dir, runtime)
    packages = resolve_packages(requirements, runtime) if requirements.asked else Packages()
    return UserPart(files.without_packages(requirements.texts), packages, str(runtime))


def _template() -> bytes:
    return (resources.folder("deploy") / "template.yaml").read_bytes()


def _ours() -> dict[str, bytes]:
    code = resources.folder("lambda")
    paths = code.glob("*/**/*.py")
    return {path.relative_to(code).as_posix(): path.read_bytes() for path in paths}


def our_transform_files() -> dict[str, bytes]:
    """Return the files that this package puts under ``transforms/``."""
    return {name: text for name, text in _ours().items() if name.startswith("transforms/")}


def _module_name(path: str) -> str:
    """Return the name of one of our transforms; empty for other files."""
    folder, _, name = path.rpartition("/")
    is_transform = folder == "transforms" and not name.startswith("_")
    return name.removesuffix(".py") if is_transform else ""


def _require_no_twin(transforms: Sequence[str], theirs: UserFiles) -> None:
    """Raise InvalidInputError for names that are equal elsewhere, or that hide each other."""
    require_no_twins({*theirs.files, *(f"transforms/{name}.py" for name in transforms)})
    twin = next((n for n in transforms if f"transforms/{n}/__init__.py" in theirs.files), None)
    if twin:
        raise InvalidInputError(
            f"The folder of --transforms has a package {twin!r}, and there is a transform "
            f"{twin}.py: Python would import the package instead. Rename one of them."
        )


def _zip(contents: Mapping[str, bytes]) -> bytes:
    """Return a zip without compression: versions of zlib differ, but its hash must not."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in contents.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = _UNIX
            info.external_attr = _MODE
            archive.writestr(info, content)
    return buffer.getvalue()
