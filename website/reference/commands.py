"""The command line, from its parser."""

import argparse
from collections.abc import Iterator
from typing import Final

from airflow_ddb_migrate.cli.main import EXIT_CODES, command_parser
from website.reference.markdown import block, code, page, table

_HEADERS: Final = ("option", "what it is", "default")
_COLUMNS: Final = 90


def commands_page() -> str:
    parser = command_parser()
    return page(
        "Command line: ddb-migrate",
        str(parser.description),
        table(("command", "what it does"), _overview(parser)),
        "## Exit codes",
        table(("code", "meaning"), [(code(number), words) for number, words in EXIT_CODES.items()]),
        *_sections(parser, parser.prog),
    )


def _overview(parser: argparse.ArgumentParser, name: str = "") -> Iterator[tuple[str, str]]:
    for command, below, words in _commands(parser):
        full = f"{name} {command}".strip()
        if list(_commands(below)):
            yield from _overview(below, full)
        else:
            anchor = f"ddb-migrate {full}".replace(" ", "-")
            yield f"[{code(full)}](#{anchor})", words


def _sections(parser: argparse.ArgumentParser, name: str) -> Iterator[str]:
    for command, below, words in _commands(parser):
        full = f"{name} {command}"
        if list(_commands(below)):
            yield from _sections(below, full)
            continue
        usage = argparse.HelpFormatter(full, width=_COLUMNS)
        usage.add_usage(None, below._actions, below._mutually_exclusive_groups)  # noqa: SLF001
        yield f"## {full}"
        yield f"{words[:1].upper()}{words[1:]}."
        yield block(usage.format_help().removeprefix("usage: ").replace("\n" + 7 * " ", "\n"))
        yield table(_HEADERS, [_row(action) for action in below._actions if _is_shown(action)])  # noqa: SLF001


def _commands(
    parser: argparse.ArgumentParser,
) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    for action in parser._actions:  # noqa: SLF001  # argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            words = {each.dest: each.help or "" for each in action._choices_actions}  # noqa: SLF001
            for name, below in action.choices.items():
                yield name, below, words.get(name, "")


def _is_shown(action: argparse.Action) -> bool:
    return action.dest != "help" and action.help != argparse.SUPPRESS


def _row(action: argparse.Action) -> tuple[str, str, str]:
    names = " ".join(action.option_strings) or action.dest
    metavar = "" if action.nargs == 0 or not action.option_strings else _value(action)
    words = (action.help or "").replace("%%", "%").replace("%(default)s", str(action.default))
    words, _, default = words.partition("; default: ")
    if not default and words.startswith("default: "):
        words, default = "", words.removeprefix("default: ")
    kind = "**required**" if action.required else default
    return code(f"{names} {metavar}".strip()), words + _choices(action), kind


def _value(action: argparse.Action) -> str:
    if action.choices is not None:
        return "NAME"
    is_list = isinstance(action, argparse._AppendAction)  # noqa: SLF001
    metavar = action.metavar or action.dest.upper().removesuffix("S" * is_list).replace("_", "-")
    return metavar if isinstance(metavar, str) else " ".join(metavar)


def _choices(action: argparse.Action) -> str:
    return f" One of {', '.join(code(each) for each in action.choices)}." if action.choices else ""
