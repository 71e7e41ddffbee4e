"""The site of the documentation: what mkdocs is told beside ``mkdocs.yml``."""
