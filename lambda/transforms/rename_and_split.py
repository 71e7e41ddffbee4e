"""Rename attributes, and split a text attribute in two.

Parameters (conf ``params``), one of them or both:
``{"rename": {"mail": "email"}, "split": {"name": ["firstName", "lastName"]}}``. A text is split at
its first space. An attribute stays as it is if a new name exists already, or it has no space.
"""

from airflow_ddb_migrate.core.errors import ItemError


def transform(item, context):
    """Return the item with the new names and without the old, so a second run changes nothing."""
    rename, split = (context.params.get(name, {}) for name in ("rename", "split"))
    if not rename and not split:
        raise ItemError("rename_and_split needs params rename or split.", "BadParams")
    for old, new in rename.items():
        if old in item and new not in item:
            item[new] = item.pop(old)
    for whole, (first, second) in split.items():
        if whole in item and first not in item and second not in item and " " in item[whole]:
            item[first], item[second] = item.pop(whole).split(" ", 1)
    return item
