"""What people read of a migration, from the ledger.

``compose`` makes the report, ``view`` what the tab shows, both of the same ``sections``.
"""
