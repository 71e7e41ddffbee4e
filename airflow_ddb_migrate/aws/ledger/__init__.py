"""The ledger: the one source of truth about migrations, in one small DynamoDB table.

``table`` reads and writes on conditions, in ``typed_values``; ``records`` has the keys;
``migrations`` has migrations and attempts (its docstring lists all records), ``lanes`` the work,
``leases`` who may touch a table, ``budget_sharing`` the control record, ``events`` and ``history``
what happened. ``all_leases`` and ``all_history`` read across tables.
"""
