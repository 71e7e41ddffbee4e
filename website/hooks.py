"""What mkdocs calls: pages that are not in ``docs``, and links as the site needs them."""

import sys
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parents[1]))  # mkdocs loads this file by its path

from website.links import HOMES, ROOT, site_links


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere, or in no file."""
    for source, path in HOMES.items():
        text = site_links((ROOT / source).read_text(), source, config.extra["repository"])
        files.append(File.generated(config, path, content=text))
    script = (ROOT / "website" / "iframe-worker.js").read_text()
    files.append(File.generated(config, "assets/iframe-worker.js", content=script))
    return files


def on_page_markdown(text: str, page: Any, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Let links that leave ``docs`` lead somewhere."""
    if page.file.generated_by:
        return text
    return site_links(text, f"docs/{page.file.src_uri}", config.extra["repository"])
