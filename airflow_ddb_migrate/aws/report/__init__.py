"""What people read about a migration, from the ledger.

``status`` is the current state: ``view`` shows it in the tab, ``ddb-migrate status`` in a terminal.
``compose`` writes the report; ``sections`` are parts that the report and the tab share.
"""
