"""The plan of a migration: what it will do, how long it takes, what it costs.

``planner`` makes a ``migration_plan`` from ``table_facts`` and a sample: ``estimate`` computes work
and time, ``segmentation`` how the table is cut, ``prices`` and ``bill`` the dollars, ``warnings``
and ``traffic_warnings`` what to know before. ``page`` writes it for people, ``many`` is a
run for many tables; ``measured_cost`` is what a migration has cost so far.
"""
