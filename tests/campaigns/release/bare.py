"""Run where only the wheel is installed: prints what cannot be imported, but for what is named."""

import contextlib
import importlib
import pkgutil
import sys

import airflow_ddb_migrate


def main(excepted: list[str]) -> None:
    root = airflow_ddb_migrate
    if "site-packages" not in root.__file__:
        print(f"not the wheel's: {root.__file__}")
    for module in pkgutil.walk_packages(root.__path__, f"{root.__name__}.", onerror=_ignore):
        if module.name not in excepted:
            _import(module.name)


def _ignore(_: str) -> None:
    """A package that cannot be imported was already told of."""


def _import(name: str) -> None:
    try:
        with contextlib.redirect_stdout(sys.stderr):  # what others say is no answer
            importlib.import_module(name)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told
        print(f"{name}: {error!r}")


if __name__ == "__main__":
    main(sys.argv[1:])
