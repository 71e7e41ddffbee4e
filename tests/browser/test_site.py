"""The documentation's site in a real browser, from the file system and without a network."""

import logging
import re
import shutil
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from tests.browser.browser import dom
from website.links import ROOT


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site of two pages, by the project's own settings."""
    assets = tmp_path / "docs" / "assets"
    assets.mkdir(parents=True)
    for name in ("iframe-worker.js", "site.css"):
        shutil.copy(ROOT / "website" / name, assets)
    (tmp_path / "docs" / "index.md").write_text("# Home\n\nSee [the plan](plan.md).\n")
    (tmp_path / "docs" / "plan.md").write_text("# Plan\n\nIt names the bottleneck.\n")
    logger = logging.getLogger("mkdocs")
    handlers = list(logger.handlers)
    build(
        load_config(
            str(ROOT / "mkdocs.yml"),
            docs_dir=str(tmp_path / "docs"),
            site_dir=str(tmp_path / "site"),
            nav=["index.md", "plan.md"],
            hooks=[],
            strict=True,
        )
    )
    logger.handlers[:] = handlers
    return tmp_path / "site"


def test_the_search_works_from_the_file_system(site: Path) -> None:
    """A browser starts no worker there, so ours takes its place."""
    html = dom(f"{(site / 'index.html').as_uri()}?q=bottleneck")

    assert "1 matching document" in html
    assert re.search(r'<a href="file://[^"]*plan\.html[^"]*" class="md-search-result__link"', html)


def test_no_page_asks_another_host_for_anything(site: Path) -> None:
    """Links may lead there; nothing is loaded from there."""
    pages = list(site.rglob("*.html"))
    loaded = r'<(?:script|img|iframe)[^>]* src="https?:|<link[^>]* href="https?:|@import|fonts\.'

    assert pages
    assert [] == [p.name for p in pages if re.search(loaded, p.read_text())]
    assert "md-source" not in (site / "index.html").read_text()  # it asks for stars
