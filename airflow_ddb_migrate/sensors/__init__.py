"""Airflow sensors. ``migration`` waits for a migration; ``_holds`` calls back when it is held."""
