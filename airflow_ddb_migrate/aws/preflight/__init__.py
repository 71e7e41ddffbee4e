"""What must be true before anything is touched.

``checks`` compares request, table, stack and Lambda; ``table_lease`` takes the table; ``repeat``
finds what was done before, or is kept no longer; ``as_planned`` refuses another transform than the
one that was planned and approved; ``approvals`` notes what a person was asked and answered;
``author_limits`` holds it to the rules of the DAG's author; ``alarms`` looks at those that are to
hold it, ``open_hours`` knows when it may begin; ``backup_gate`` makes sure that AWS could bring the
table back; ``engine_proof`` asks what the deployed engine has proven of fast writes.
"""
