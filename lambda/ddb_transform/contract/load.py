"""Loads a transform by its module's name, and says what is wrong with an invalid one."""

import importlib
import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import transforms

from airflow_ddb_migrate.core.code_hash import USER_HASH_FILE, content_hash
from airflow_ddb_migrate.core.errors import TransformError
from airflow_ddb_migrate.core.text.figures import type_words
from ddb_transform.contract.scan_filter import ScanFilter, scan_filter
from ddb_transform.contract.transform import Context, Transform
from ddb_transform.user_code.calls import Surroundings
from ddb_transform.user_code.thread import USER_THREAD


class _Loaded(NamedTuple):
    """A module, with the context variables that its code runs with."""

    name: str
    module: ModuleType
    surroundings: Surroundings


def load_transform(name: str, context: Context) -> Transform:
    """Load ``transforms.<name>`` with what it declares: FILTER, CHECK_FIXED_POINT, DELETES, check.

    :raises TransformError: there is no such module, it cannot be imported, it has no function
        ``transform(item, context)``, or what it declares is invalid.
    """
    return USER_THREAD.call(lambda: _load(name, context), urgent=True)


def _load(name: str, context: Context) -> Transform:
    loaded = _import(name)
    module = loaded.module
    return Transform(
        function=_function(module, name),
        context=context,
        check_fixed_point=_check_fixed_point(module, name),
        filter=_filter(module, name),
        check=_check(module, name),
        deletes=(deletes := _deletes(module, name)),
        no_delete="" if deletes or not hasattr(module, "DELETES") else _NEVER,
        surroundings=loaded.surroundings,
    )


def source_hash(name: str) -> str:
    """Return the SHA-256 of everything that a transform may use, so that any change is noticed.

    This covers all files of the user and of the packages deployed with them. In a checkout, where
    nothing is deployed, it covers the files beside the transform.

    :raises TransformError: the transform cannot be imported.
    """
    USER_THREAD.call(lambda: _import(name), urgent=True)
    deployed = Path(__file__).parents[1] / USER_HASH_FILE
    user = deployed.read_bytes() if deployed.exists() else content_hash(_beside()).encode()
    return content_hash({name: user})


def _beside() -> dict[str, bytes]:
    folders = [Path(folder) for folder in reversed(transforms.__path__)]
    return {
        f"transforms/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


_loaded: list[_Loaded] = []  # the one that this process currently uses


def _import(name: str) -> _Loaded:
    """Import a transform unless it is the current one; forget the modules of any other first."""
    if not name.isidentifier():
        raise TransformError(f"Transform {name!r} is not the name of a Python module.")
    if _loaded and _loaded[0].name == name and _loaded[0].module is sys.modules.get(_full(name)):
        return _loaded[0]
    _forget_all()
    surroundings = Surroundings()
    module = _imported(name, surroundings)
    _loaded[:] = [_Loaded(name, module, surroundings)]
    return _loaded[0]


def _forget_all() -> None:
    """Forget all modules of transforms, so that they are imported again."""
    for known in [module for module in sys.modules if module.startswith(_full(""))]:
        del sys.modules[known]
        vars(transforms).pop(known.removeprefix(_full("")), None)


def _full(name: str) -> str:
    return f"transforms.{name}"


def _imported(name: str, surroundings: Surroundings) -> ModuleType:
    try:
        return surroundings.run(importlib.import_module, _full(name))
    except BaseException as exc:  # sys.exit() in a module is an error of that module, too
        missing = isinstance(exc, ModuleNotFoundError) and exc.name == _full(name)
        why = "is not deployed" if missing else f"cannot be imported: {type(exc).__name__}: {exc}"
        raise TransformError(
            f"Transform {name!r} {why}. Fix or add its file and run ddb-migrate deploy "
            "--transforms DIR."
        ) from exc


def _function(module: ModuleType, name: str) -> Callable[..., object]:
    function: Any = getattr(module, "transform", None)
    if not callable(function):
        raise TransformError(
            f"Transform {name!r} defines no function transform(item, context). Add it and deploy."
        )
    _check_signature(function, "transform(item, context)", name, None, None)
    return function  # type: ignore[no-any-return]


def _check_signature(function: Any, wanted: str, name: str, *arguments: object) -> tuple[str, ...]:
    """Return the names of the function's parameters, without placeholders of C functions."""
    kind = next((word for is_it, word in _NO_FUNCTIONS if is_it(function)), "")
    if kind:
        raise TransformError(
            f"Transform {name!r}: {wanted} is {kind}. Make it a plain function that returns its "
            "result, and deploy."
        )
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ()
    try:
        signature.bind(*arguments)
    except TypeError as exc:
        own = wanted.partition("(")[0]
        raise TransformError(
            f"Transform {name!r} must define {wanted}, not {own}{signature}. Fix it and deploy."
        ) from exc
    is_in_c = not hasattr(function, "__code__")
    return tuple(
        one.name
        for one in signature.parameters.values()
        if not (is_in_c and one.kind is one.POSITIONAL_ONLY)
    )


_NO_FUNCTIONS = (
    (inspect.iscoroutinefunction, "async"),
    (inspect.isgeneratorfunction, "a generator: it yields"),
    (inspect.isasyncgenfunction, "a generator: it yields"),
)


_NEVER = "the module declares DELETES = False. Set it to True, or remove the line."


def _deletes(module: ModuleType, name: str) -> bool:
    """Return whether it may delete: as declared, or else if its module imports DELETE."""
    knows = any(value is transforms.DELETE for value in vars(module).values())
    return _switch(module, name, "DELETES", default=knows)


def _check_fixed_point(module: ModuleType, name: str) -> bool:
    return _switch(module, name, "CHECK_FIXED_POINT", default=True)


def _switch(module: ModuleType, name: str, switch: str, *, default: bool) -> bool:
    declared = getattr(module, switch, default)
    if not isinstance(declared, bool):
        raise TransformError(
            f"Transform {name!r}: {switch} is {type_words(declared)}; it must be "
            "True or False. Fix it and deploy."
        )
    return declared


def _filter(module: ModuleType, name: str) -> ScanFilter | None:
    declared = getattr(module, "FILTER", None)
    if declared is None:
        return None
    try:
        return scan_filter(declared)
    except TransformError as exc:
        raise TransformError(f"Transform {name!r}: {exc} Fix it and deploy.") from exc


def _check(module: ModuleType, name: str) -> Callable[[Any], object] | None:
    """Return the function that a verification calls; refuse a helper of the same name."""
    declared: Any = getattr(module, "check", None)
    if declared is None:
        return None
    if not callable(declared):
        raise TransformError(
            f"Transform {name!r}: check is {type_words(declared)}; it must be a function "
            "check(item) that returns True or False. Fix it and deploy."
        )
    parameters = _check_signature(declared, "check(item)", name, None)
    if parameters and parameters[0] != "item":
        raise TransformError(
            f"Transform {name!r} defines check({parameters[0]}), which a verification would call "
            "with each item. If it is meant for that, name its parameter item; if it is a helper, "
            "give it another name, such as _check."
        )
    return declared  # type: ignore[no-any-return]
