"""Conditional writes.

- ``interface`` defines what a writer is given and returns.
- ``partiql`` writes in batches, ``reference`` with one request per item.
- ``dispatch`` sends items to them; ``read_item`` reads an item again; ``consumed`` counts units.
- ``self_check`` runs ``self_check_cases`` to find out whether an engine treats both writers alike;
  ``proof`` is the result.
"""
