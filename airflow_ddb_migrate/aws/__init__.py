"""Adapters and steps around injected boto3 clients: no Airflow, no sessions.

Chapters, each built on those before it: ``services`` and ``ledger``; ``preflight`` and
``inspection``; ``plan`` and ``capacity``; ``execution``; ``report`` and ``erasure``. Beside them
are ``clients``, ``errors`` (AWS's errors in words), ``owner`` (a migration's DAG) and ``site``, on
which the steps of a migration work.
"""
