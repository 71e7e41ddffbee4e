"""Make the plan of a migration; touches nothing but the ledger.

``planner`` makes and keeps it, from ``table_facts`` (by single ``lookups``) and a ``sample`` by the
deployed Lambda; ``correction`` puts in what a dry run has seen; ``measured_cost`` is what a
migration has cost so far.
"""
