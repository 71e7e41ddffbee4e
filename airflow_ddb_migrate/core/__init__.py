"""Pure rules of a migration: standard library only, no AWS, no Airflow.

Chapters, each built on those before it: ``text``; ``ledger``, the values that are kept; ``health``,
alarms that hold a migration, and ``hours``, when it may work; ``approval``, what a DAG's author
demands, and ``erasure``, what is deleted of a migration; ``items``, ``capacity``, ``execution`` and
``doctor``; ``inspection``, ``report`` and ``metrics``; ``plan``; ``prove``. Beside them are
``bindings`` of transforms to tables, ``clock``, ``code_hash``, ``errors``, ``limits`` (every limit,
with its source), ``mode``, ``names``, ``validation`` and ``version``.
"""
