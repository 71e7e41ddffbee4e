"""The migration tab of Airflow's UI. Where Airflow looks for it: entry.py."""
