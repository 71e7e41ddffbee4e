"""The embedded stack on the loopback interface: an emulator of AWS, and an Airflow.

``stack`` is ``ddb-migrate local``. ``demo`` migrates ``sample`` data through ``airflow``, which
``airflow_environment`` configures, and ``proof`` compares every item. They run on ``emulated_aws``
and ``processes``.
"""
