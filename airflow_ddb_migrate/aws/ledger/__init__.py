"""The ledger: the one source of truth about migrations, in one small DynamoDB table.

- ``table`` reads and writes with conditions; ``typed_values`` are its values, ``keys`` its keys.
- ``migrations`` has migrations, attempts and the control record; its docstring lists all records.
- ``lanes`` are the work; ``leases`` say which migration may touch a table.
- ``budget_sharing`` has what workers share; ``notes`` the plan and the capacity.
- ``events`` and ``history`` are what happened.
- ``dag_runs`` is what a DAG run raised and works on; ``scans`` read across tables.
"""
