"""``migration`` finds a migration in AWS through an Airflow connection."""
