"""What mkdocs calls: pages that are not in ``docs``, and links as the site needs them."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parents[1]))  # mkdocs loads this file by its path

if "AIRFLOW_HOME" not in os.environ:  # Airflow writes there when it is imported
    os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-home-")
    atexit.register(shutil.rmtree, os.environ["AIRFLOW_HOME"], ignore_errors=True)

from website.links import HOMES, ROOT, site_links, site_tables
from website.reference.pages import PAGES


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that lie elsewhere, or in no file."""
    made = {path: page() for path, page in PAGES.items()}
    for source, path in HOMES.items():
        made[path] = site_links((ROOT / source).read_text(), source, config.extra["repository"])
    for name in ("iframe-worker.js", "site.css"):
        made[f"assets/{name}"] = (ROOT / "website" / name).read_text()
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(text: str, page: Any, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Let links that leave ``docs`` lead somewhere."""
    if not page.file.generated_by:
        text = site_links(text, f"docs/{page.file.src_uri}", config.extra["repository"])
    return site_tables(text)
