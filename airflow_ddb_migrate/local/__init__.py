"""The embedded stack, on loopback: an emulator behind the AWS endpoints, and an Airflow.

``stack`` is ``ddb-migrate local``; ``demo`` migrates ``sample`` data through ``airflow``, which
``airflow_environment`` configures, and ``proof`` compares every item. ``emulated_aws`` and
``processes`` are what they run on.
"""
