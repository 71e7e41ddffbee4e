"""The Lambda's zip: the same files always give the same bytes and the same hash."""

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

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can hold
_MODE = 0o644 << 16
_UNIX = 3  # else the zip names the system that made it
_HASH_CHARS = 16


@dataclass(frozen=True, slots=True)
class Bundle:
    """The zip and what is in it.

    ``code_hash`` depends on names, contents and the template only: a published version keeps code
    and settings together, so other settings are a new version, too. ``own`` are the user's
    transforms, and ``replaced`` those of them that take the place of one of ours. ``notes`` say, a
    line each, what of the user's folder is shipped and what is not. ``bindings`` are in the zip,
    too, and in no transform's hash.
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
        """The zip's SHA-256 as Lambda tells it of a version: what is compared after a deploy."""
        return sha256_of(self.content)

    def unnamed(self, deleting: Sequence[str]) -> str:
        """Say which transforms that delete are off, as no table names them; empty for none."""
        named = {name for names in self.bindings.rows.values() for name in names}
        off = sorted(set(deleting) - named)
        if not off:
            return ""
        return (
            f"Off, since they delete items and no table names them: {', '.join(off)}. To allow one "
            f"on a table: --table TABLE:{off[0]}"
        )


def build(
    transforms_dir: Path | None = None,
    runtime: Runtime | None = None,
    deployed: UserPart | None = None,
    bindings: Bindings | None = None,
) -> Bundle:
    """Build the zip from this package, the user's own folder, and what its requirements.txt names.

    A transform of the user's replaces one of ours of the same name, and ``replaced`` says so.

    :param runtime: the Python that will run it; by default the template's.
    :param deployed: what takes the place of a folder that is not given.
    :param bindings: which transforms may work on which tables; by default none on any.
    :raises InvalidInputError: the folder is missing, has no transforms, or holds what cannot be
        shipped; its requirements.txt cannot be resolved; all of it is too large for Lambda; a table
        is bound to a transform that is not there.
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
    """Return what the zip holds, in order; raises InvalidInputError when Lambda takes less."""
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
    """Return the SHA-256 as S3 and Lambda write it: in base64."""
    return b64encode(sha256(content).digest()).decode()


def short_hash(contents: Mapping[str, bytes]) -> str:
    """Hash names and contents, for a name of what they make."""
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
    """Return what this package itself puts under ``transforms/``."""
    return {name: text for name, text in _ours().items() if name.startswith("transforms/")}


def _module_name(path: str) -> str:
    """Return the name of a transform of ours; empty for other files."""
    folder, _, name = path.rpartition("/")
    is_transform = folder == "transforms" and not name.startswith("_")
    return name.removesuffix(".py") if is_transform else ""


def _require_no_twin(transforms: Sequence[str], theirs: UserFiles) -> None:
    """Raise InvalidInputError for names that are one elsewhere, or where Python imports another."""
    require_no_twins({*theirs.files, *(f"transforms/{name}.py" for name in transforms)})
    twin = next((n for n in transforms if f"transforms/{n}/__init__.py" in theirs.files), None)
    if twin:
        raise InvalidInputError(
            f"The folder of --transforms holds a package {twin!r}, and there is a transform "
            f"{twin}.py: Python would import the package instead. Rename one of them."
        )


def _zip(contents: Mapping[str, bytes]) -> bytes:
    """Zip without compression: zlibs differ, and the zip's own hash has to be the same anywhere."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in contents.items():
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = _UNIX
            info.external_attr = _MODE
            archive.writestr(info, content)
    return buffer.getvalue()
