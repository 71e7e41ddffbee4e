"""Passes over a table without writes, before a migration and after it.

``sample`` is a pass over a few items, for the plan; ``findings`` are what workers add up;
``report`` is what a dry run and a check have in common; ``dry_run`` and ``verify`` are what each
of them found; ``dry_run_page`` is what a person approves.
"""
