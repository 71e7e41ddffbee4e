"""What runs in AWS when Airflow does not: brings back capacity that nobody else does."""
