"""Airflow sensors: ``migration`` waits for one; ``_holds`` tells of a hold meanwhile."""
