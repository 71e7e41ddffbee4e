"""Airflow operators: they read parameters, call aws/, and return."""
