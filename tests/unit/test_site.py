"""The documentation's site: its links, its pages, and that a mistake in them fails the build."""

import logging
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort
from website.links import ROOT, site_links, site_tables

REPOSITORY = "https://host/us/it"
MKDOCS = ROOT / "mkdocs.yml"


@pytest.mark.parametrize(
    ("source", "target", "there"),
    [
        ("README.md", "docs/plan.md#cost", "plan.md#cost"),
        ("README.md", "CHANGELOG.md", "changelog.md"),
        ("README.md", "docs/images/running.png", "images/running.png"),
        ("README.md", "tests/README.md", f"{REPOSITORY}/blob/main/tests/README.md"),
        ("README.md", "dags", f"{REPOSITORY}/tree/main/dags"),
        ("docs/plan.md", "capacity.md", "capacity.md"),
        ("docs/plan.md", "../README.md#use", "index.md#use"),
        ("docs/plan.md", "../lambda/transforms", f"{REPOSITORY}/tree/main/lambda/transforms"),
        ("docs/plan.md", "#cost", "#cost"),
        ("docs/plan.md", "https://aws/", "https://aws/"),
        ("docs/plan.md", "../nowhere.py", "../nowhere.py"),
    ],
)
def test_a_link_leads_to_the_page_or_to_the_repository(
    source: str, target: str, there: str
) -> None:
    """The same file reads well on GitHub."""
    text = f"See [it]({target}).\n\n```md\n[it]({target})\n```\n"

    assert text.replace(target, there, 1) == site_links(text, source, REPOSITORY)


def test_code_in_a_table_reads_the_same_on_both() -> None:
    """GitHub needs the backslash; the site would show it."""
    text = "| `a \\| b` | c \\| d |\n\n`a \\| b`\n\n```\n| `a \\| b` |\n```\n"

    assert text.replace("`a \\| b` | c", "`a | b` | c") == site_tables(text)


def test_the_repository_is_the_project_s() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert project["urls"]["Source"] == load_config(str(MKDOCS)).extra["repository"]


@pytest.fixture
def logger() -> Iterator[None]:
    """A build leaves mkdocs' logger as it was."""
    logger = logging.getLogger("mkdocs")
    handlers = list(logger.handlers)
    yield
    logger.handlers[:] = handlers


@pytest.mark.usefixtures("logger")
@pytest.mark.parametrize(
    ("text", "more", "why"),
    [
        ("# Plan\n\n[a](other.md#a-b-c) [b](#plan)\n", {}, ""),
        ("# Plan\n\n[a](gone.md)\n", {}, "contains a link 'gone.md'"),
        ("# Plan\n\n[a](other.md#gone)\n", {}, "does not contain an anchor '#gone'"),
        ("# Plan\n\n[a](../gone.py)\n", {}, "'../gone.py'"),
        ("# Plan\n\n![a](gone.png)\n", {}, "gone.png"),
        ("# Plan\n", {"lost.md": "# Lost\n"}, 'not included in the "nav" configuration:\n  - lost'),
    ],
    ids=["good", "link", "anchor", "file", "picture", "orphan"],
)
def test_a_mistake_in_the_pages_fails_the_build(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, more: dict[str, str], why: str
) -> None:
    """By the settings that `make docs` has."""
    (tmp_path / "docs").mkdir()
    for name, content in {"index.md": text, "other.md": "# Other\n\n## A: b, c!\n", **more}.items():
        (tmp_path / "docs" / name).write_text(content)
    config = load_config(
        str(MKDOCS),
        docs_dir=str(tmp_path / "docs"),
        site_dir=str(tmp_path / "site"),
        nav=["index.md", "other.md"],
        hooks=[],
        strict=True,
    )

    if not why:
        build(config)
        return
    with pytest.raises(Abort, match="1 warnings in strict mode"):
        build(config)
    assert why in caplog.text
