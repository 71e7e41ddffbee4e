"""Resolves requirements.txt to the files at the zip's root, the same each time.

Uses pip, or uv if there is no pip, and only wheels: no code of a package runs on this machine.
"""

import contextlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from airflow_ddb_migrate.core.errors import InvalidInputError
from airflow_ddb_migrate.deployment.packaging.requirements import Requirements, redacted
from airflow_ddb_migrate.deployment.packaging.runtime import Runtime
from airflow_ddb_migrate.deployment.packaging.user_files import REQUIREMENTS, require_size

# Lambda's runtime has them, and the engine is made for these; they would add 25 MB.
_OF_LAMBDA: Final = frozenset({"boto3", "botocore", "s3transfer"})
_OURS: Final = frozenset({"airflow_ddb_migrate", "ddb_restore", "ddb_transform", "transforms"})
# What an installer writes about itself and this machine; scripts name the interpreter.
_OF_INSTALLER: Final = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json"})
_COMPILED: Final = (".so", ".pyd", ".dylib")
_SECONDS: Final = 900.0
_UNREACHED: Final = ("Retrying (", "Could not fetch URL", "Failed to fetch")
# Settings of pip that do not work with a target folder.
_NOT_FOR_PIP: Final = frozenset(
    f"PIP_{name}" for name in ("PREFIX", "ROOT", "PLATFORM", "ABI", "NO_BINARY", "DRY_RUN")
)
_TEXT_CHARS: Final = 400
_FRAME: Final = " \u00d7\u2570\u2500\u25b6\u2502"  # what uv draws around its messages


@dataclass(frozen=True, slots=True)
class Packages:
    """The packages: files by path in the zip, versions and bytes by package.

    ``is_compiled``: some can only be loaded by the Python for which they were resolved.
    """

    requirements: Requirements | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def is_compiled(self) -> bool:
        return any(name.endswith(_COMPILED) for name in self.files)

    @property
    def pins(self) -> tuple[str, ...]:
        return tuple(f"{name}=={version}" for name, version in self.versions.items())

    def notes(self, runtime: Runtime) -> tuple[str, ...]:
        """Lines on what was resolved, and what is left to Lambda."""
        if not self.requirements:
            return ()
        shipped = [pin for pin in self.pins if pin.partition("==")[0] not in self.left_out]
        lines = [f"Packages for {runtime}: {', '.join(shipped) or 'none'}"]
        if self.left_out:
            lines.append(f"Not shipped: {', '.join(self.left_out)}. Lambda's runtime has its own.")
        return tuple(lines)


def resolve_packages(
    requirements: Requirements, runtime: Runtime, pins: tuple[str, ...] = ()
) -> Packages:
    """Download and unpack what the file requires, with dependencies.

    :param pins: versions that were resolved before, such as "a==1.0".
    :raises InvalidInputError: it cannot be resolved, is too large for Lambda, or would replace a
        package of ours.
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "packages"
        constraints = Path(folder) / "constraints.txt"
        constraints.write_text("\n".join(pins))
        asked = requirements.written_to(Path(folder) / "asked")
        options = [] if requirements.has_hashes or not pins else ["-c", str(constraints)]
        _install([*_tool(target, runtime), "-r", str(asked), *options], runtime)
        return _read(target, requirements, runtime)


def _tool(target: Path, runtime: Runtime) -> list[str]:
    """Return the installing command; raises InvalidInputError if there is none."""
    common = ["--target", str(target), "--only-binary", ":all:"]
    if find_spec("pip"):
        command = [sys.executable, "-P", "-m", "pip", "install", "--disable-pip-version-check"]
        command += ["--no-input", "--no-compile", "--no-user", "--progress-bar", "off", *common]
        tags = [f"--platform={tag}" for tag in runtime.platforms]
        where = ["--implementation", "cp", "--python-version", runtime.python, *tags]
        return [*command, *(where if tags else [])]
    folders = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
    if uv := shutil.which("uv", path=folders):
        command = [uv, "pip", "install", "--python", sys.executable, "--no-progress", *common]
        tags = [
            f"{runtime.machine}-{tag.rpartition('_' + runtime.machine)[0]}"
            for tag in runtime.platforms[:1]
        ]
        where = ["--python-version", runtime.python, "--python-platform", *tags]
        return [*command, *(where if tags else [])]
    raise InvalidInputError(
        f"{REQUIREMENTS} needs pip or uv, but this Python ({sys.executable}) has neither. Install "
        "one: python -m ensurepip, or pip install uv."
    )


def _install(command: list[str], runtime: Runtime) -> None:
    environment = os.environ.items()
    try:
        done = subprocess.run(  # noqa: S603  # no shell; the file was read before
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_SECONDS,
            env={"PIP_RETRIES": "2", **{k: v for k, v in environment if k not in _NOT_FOR_PIP}},
        )
    except subprocess.TimeoutExpired as exc:
        raise InvalidInputError(
            f"{REQUIREMENTS}: resolving it took over {_SECONDS:.0f} s. Pin the versions, and "
            "check whether the package index answers."
        ) from exc
    if done.returncode:
        raise InvalidInputError(_why(done.stdout + done.stderr, runtime))


def _why(output: str, runtime: Runtime) -> str:
    """Return pip's or uv's reason, and what to do, in sentences."""
    text = redacted(_telling(output))
    is_none = "from versions: none" in text or "fetch" in text
    if is_none and any(sign in output for sign in _UNREACHED):
        hint = "The package index could not be reached: check the network and pip's settings."
    elif "from versions" in text or "wheels" in text:
        hint = (
            f"It needs a wheel for {runtime}: a version with only a source distribution, or "
            "wheels for other platforms, cannot be shipped. Use another version."
        )
    else:
        hint = "Correct it and deploy again."
    return f"{REQUIREMENTS} cannot be resolved: {text.rstrip('.')}. {hint}"


def _telling(output: str) -> str:
    """Return the most useful line: uv's reason, pip's first error, else the last line."""
    lines = [line.strip(_FRAME) for line in output.splitlines() if line.strip(_FRAME)] or [
        "nothing"
    ]
    because = [line for line in lines if "Because " in line]
    errors = [line for line in lines if re.match(r"(?i)error: (?!exception)", line)]
    line = re.sub(r"(?i)^(error|cause): ", "", (because or errors or lines[-1:])[0])
    versions = re.sub(r"from versions: .*, ((\S+, ){4}\S+)\)", r"from versions: ... \1)", line)
    return versions[:_TEXT_CHARS]


def _read(target: Path, requirements: Requirements, runtime: Runtime) -> Packages:
    found = sorted(
        importlib.metadata.distributions(path=[str(target)]),
        key=lambda each: canonicalize_name(each.name),
    )
    versions: dict[str, str] = {canonicalize_name(d.name): d.version for d in found}
    _require_complete(found, versions, runtime)
    owner = {path.as_posix(): canonicalize_name(d.name) for d in found for path in d.files or ()}
    paths = {
        name: path
        for path in sorted(target.rglob("*"))
        if path.is_file()
        and _ships(name := path.relative_to(target).as_posix())
        and owner.get(name) not in _OF_LAMBDA
    }
    taken = sorted({name.partition("/")[0].removesuffix(".py") for name in paths} & _OURS)
    if taken:
        raise InvalidInputError(
            f"{REQUIREMENTS} installs {taken[0]!r}, which the zip already has from this package. "
            "Remove the requirement that installs it."
        )
    sizes: dict[str, int] = {}
    for name, path in paths.items():
        package = owner.get(name, name)
        sizes[package] = sizes.get(package, 0) + path.stat().st_size
    require_size(sizes)
    return Packages(
        requirements=requirements,
        files={name: path.read_bytes() for name, path in paths.items()},
        versions=versions,
        sizes=sizes,
        left_out=tuple(sorted(_OF_LAMBDA & versions.keys())),
    )


def _ships(name: str) -> bool:
    folder, _, file = name.rpartition("/")
    is_written_here = folder.endswith(".dist-info") and file in _OF_INSTALLER
    is_cache = file.endswith((".pyc", ".pyo")) or (not folder and file.startswith("."))
    return not (is_written_here or is_cache or re.match(r"bin/", name))


def _require_complete(
    found: list[importlib.metadata.Distribution], versions: Mapping[str, str], runtime: Runtime
) -> None:
    """Raise InvalidInputError for dependencies that pip left out, since it checks this machine."""
    there = {**runtime.markers(), "extra": ""}
    for each in found:
        for requirement in _readable(each.requires or ()):
            is_needed = not requirement.marker or requirement.marker.evaluate(dict(there))
            if is_needed and canonicalize_name(requirement.name) not in versions:
                raise InvalidInputError(
                    f"{REQUIREMENTS}: {each.name} needs {requirement} for {runtime}, but not on "
                    f"this machine. Add {requirement.name} to the file."
                )


def _readable(texts: Iterable[str]) -> Iterator[Requirement]:
    """Yield the valid requirements: pip accepts old forms that no other tool does."""
    for text in texts:
        with contextlib.suppress(InvalidRequirement):
            yield Requirement(text)
