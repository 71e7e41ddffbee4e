"""Airflow triggers: what waits while no worker is taken."""
