"""Metrics for dashboards: CloudWatch's, and Airflow's gauges.

``catalog`` names each metric with its unit; ``embedded`` writes CloudWatch's embedded metric
format; ``slices`` has the figures of a worker's slice; ``stalled`` decides whether a migration
makes no progress; ``gauges`` has a migration's figures for Airflow.
"""
