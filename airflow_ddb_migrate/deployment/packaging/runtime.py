"""The Python of a deployed Lambda. Only the template defines it."""

import platform
import re
import sys
from dataclasses import dataclass
from typing import Final

from packaging.markers import default_environment

from airflow_ddb_migrate import resources

_GLIBC: Final = 34  # 2.34: Amazon Linux 2023, used by Lambda's Python 3.12 and later
_OLDEST_GLIBC: Final = 5  # manylinux1
_MACHINES: Final = {"arm64": "aarch64", "x86_64": "x86_64"}


@dataclass(frozen=True, slots=True)
class Runtime:
    """A Python for which to resolve packages. ``glibc``: C library 2.x; 0: this machine's."""

    python: str
    machine: str
    glibc: int

    def __str__(self) -> str:
        return f"Python {self.python} on {self.machine}"

    @property
    def platforms(self) -> tuple[str, ...]:
        """The tags of wheels that it can load, the newest first; none for this machine."""
        if not self.glibc:
            return ()
        versions = range(self.glibc, _OLDEST_GLIBC - 1, -1)
        return (
            *(f"manylinux_2_{minor}_{self.machine}" for minor in versions),
            f"manylinux2014_{self.machine}",  # the name that most wheels use for 2_17
        )

    @property
    def runs_here(self) -> bool:
        """Whether this interpreter can load packages that were compiled for it."""
        here = this_runtime()
        libc, version = platform.libc_ver()
        is_same = (self.python, self.machine) == (here.python, here.machine)
        minor = int(version.split(".")[1]) if libc == "glibc" else 0
        return self == here or (is_same and sys.platform == "linux" and minor >= self.glibc)

    def markers(self) -> dict[str, str]:
        """Return the values of environment markers for it."""
        environment = {name: str(value) for name, value in default_environment().items()}
        if not self.glibc:
            return environment
        return {
            **environment,
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


def lambda_runtime(architecture: str = "arm64") -> Runtime:
    """Return the Python of the template's functions on a processor, by Lambda's name."""
    text = (resources.folder("deploy") / "template.yaml").read_text()
    found = re.search(r"Runtime: python([\d.]+)\n", text)
    assert found  # a test compares the template
    return Runtime(found[1], _MACHINES[architecture], _GLIBC)


def this_runtime() -> Runtime:
    """Return this machine's Python, in which the embedded stack runs its functions."""
    major, minor, *_ = sys.version_info
    return Runtime(f"{major}.{minor}", platform.machine(), 0)
