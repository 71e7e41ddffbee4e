"""The ledger: the one source of truth about migrations, in one small DynamoDB table.

``table`` reads and writes on conditions, in ``typed_values``, under ``keys``; ``migrations`` has
migrations, attempts and the control record (its docstring lists all records), ``lanes`` the work,
``leases`` who may touch a table, ``budget_sharing`` what workers share, ``events`` and ``history``
what happened, ``notes`` the plan and the capacity, ``dag_runs``
what a DAG run raised and works on. ``scans`` read across tables.
"""
