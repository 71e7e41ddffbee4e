"""Pure rules of a migration: standard library only, no AWS, no Airflow. Ships in the Lambda zip."""
