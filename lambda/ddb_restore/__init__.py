"""``handler`` runs in AWS when Airflow does not: it brings back capacity that nobody else does."""
