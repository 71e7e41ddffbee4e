"""Airflow triggers, which wait while no worker is taken: for a ``migration``, or for ``prewarm``.

``_events`` is what they tell their tasks. Deferred tasks remember a trigger's class by its path:
it stays.
"""
