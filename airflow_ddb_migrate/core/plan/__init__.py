"""The plan of a migration: what it will do, how long it takes, what it costs.

- ``planner`` makes a ``migration_plan`` from ``table_facts`` and a sample.
- ``estimate`` computes work and time; ``segmentation`` decides how the table is cut.
- ``prices`` and ``bill`` compute the dollars.
- ``warnings`` and ``traffic_warnings`` are what a person should know before.
- ``page`` is the plan for people; ``many`` is a run for many tables.
- ``measured_cost`` is what a migration has cost so far.
"""
