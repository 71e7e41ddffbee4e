"""Airflow triggers, which wait without occupying a worker.

``migration``, ``prewarm`` and ``turn`` each have one. ``_events`` has the events that they send to
their tasks. Deferred tasks store the path of a trigger's class, so it must not change.
"""
