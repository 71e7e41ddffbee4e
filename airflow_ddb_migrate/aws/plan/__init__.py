"""Make the plan of a migration; touches nothing but the ledger.

``planner`` makes and corrects the plan from ``table_facts`` (by single ``lookups``) and a
``sample`` by the deployed Lambda. ``measured_cost`` is what a migration has cost so far,
``cost_limit`` what it may cost.
"""
