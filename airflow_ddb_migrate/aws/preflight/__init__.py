"""What must be true before anything is touched.

- ``checks`` compares request, table, stack and Lambda.
- ``table_lease`` takes the table.
- ``repeat`` finds earlier migrations that did the same, or whose records have expired.
- ``as_planned`` refuses another transform than the planned and approved one.
- ``approvals`` notes what a person was asked and answered.
- ``author_limits`` applies the rules of the DAG's author.
- ``alarms`` reads the alarms that hold the migration; ``open_hours`` knows when it may begin.
- ``backup_gate`` makes sure that the table can be restored from AWS's backup.
- ``engine_proof`` asks which fast writes are proven.
"""
