"""Airflow operators. Each reads its parameters, calls ``aws/`` and returns the result.

A DAG uses them in this order: ``plan``, ``dry_run``, ``approve``, ``backup``, ``prewarm``,
``canary``, ``start``, ``verify``, ``report``, ``restore``. ``undo`` and ``replay`` work on an
earlier migration. ``plan_many``, ``turn`` and ``report_many`` are for many tables. ``base`` holds
the shared code.
"""
