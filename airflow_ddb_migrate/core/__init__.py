"""Pure rules of a migration: standard library only, no AWS, no Airflow.

Chapters, each built on those before it:

- ``text`` writes values for people.
- ``ledger`` has the values that the ledger keeps.
- ``health`` has the alarms that hold a migration; ``hours`` has the times when it may work.
- ``approval`` has what a DAG's author requires; ``erasure`` decides what is deleted of a migration.
- ``items``, ``capacity``, ``execution`` and ``doctor``.
- ``inspection``, ``report`` and ``metrics``.
- ``plan``.
- ``prove``.

Beside them are ``bindings`` of transforms to tables, ``clock``, ``code_hash``, ``errors``,
``limits`` (every limit, with its source), ``mode``, ``names``, ``validation`` and ``version``.
"""
