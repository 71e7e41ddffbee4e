"""What is told to those who watch by dashboards: CloudWatch metrics, and gauges of Airflow.

``catalog`` names each with its unit; ``embedded`` writes CloudWatch's embedded metric format;
``slices`` has the figures of a worker's slice, ``stalled`` when a migration makes no progress;
``gauges`` has the figures of a migration for Airflow.
"""
