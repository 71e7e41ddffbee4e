"""What people read of a migration, from the ledger.

``status`` is how it stands now: ``view`` shows it in the tab, ``ddb-migrate status`` in a terminal.
``compose`` makes the report; ``sections`` are parts that report and tab share.
"""
