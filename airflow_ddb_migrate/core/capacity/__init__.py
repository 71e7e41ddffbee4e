"""A table's capacity: what it has, what to raise before a migration, and what to restore after it.

- ``snapshot`` is the capacity of a table and its indexes.
- ``changes`` are changes of capacity, with the values before and after.
- ``raise_rules`` and ``restore_rules`` decide what to change.
- ``owed`` keeps track of the capacity that has to be restored, and who restores it.
- ``refusals`` explains AWS's refusals.
- ``headroom`` is the capacity that live traffic leaves.
- ``replicas`` compares the other regions of a global table.
"""
