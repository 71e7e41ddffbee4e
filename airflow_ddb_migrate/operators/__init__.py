"""Airflow operators: they read parameters, call aws/, and return.

In the order of a DAG: ``plan``, ``dry_run``, ``approve``, ``backup``, ``prewarm``, ``canary``,
``start``, ``verify``, ``report``, ``restore``; and afterwards ``undo`` and ``replay``. For many
tables: ``plan_many``, ``turn``, ``report_many``. What they share is in ``base``.
"""
