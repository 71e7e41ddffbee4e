"""Passes over a table without writes, before and after a migration.

``sample`` is a pass over a few items, for the plan; ``findings`` are the figures that workers add
up; ``report`` is what a dry run and a check have in common; ``dry_run`` and ``verify`` are the
results of each; ``dry_run_page`` is the page that a person approves.
"""
