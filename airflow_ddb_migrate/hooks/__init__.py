"""``migration``: the way from an Airflow connection to a migration in AWS."""
