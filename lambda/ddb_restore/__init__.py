"""``handler`` runs in AWS, without Airflow: it restores capacity that no task restores."""
