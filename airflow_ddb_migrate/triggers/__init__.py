"""Airflow triggers, which wait while no worker is taken.

For a ``migration``, for ``prewarm``, or for a table's ``turn``.

``_events`` is what they tell their tasks. Deferred tasks remember a trigger's class by its path:
it stays.
"""
