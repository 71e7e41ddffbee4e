"""Adapters around injected boto3 clients: no Airflow, no sessions. Ships in the Lambda zip."""
