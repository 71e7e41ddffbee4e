"""One execution of a migration, from the request to the last segment.

- ``request`` and ``conf`` are what a person asks for.
- ``segments`` and ``payload`` make the input of the map.
- ``messages`` are exchanged by Step Functions and the Lambda.
- ``pacing`` and ``budget_sharing`` keep workers within the budget.
- ``progress`` and ``rates`` say how far and how fast a migration is.
- ``hold`` describes a pause; ``on_kill`` is what a killed task does.
- ``backup_policy`` is the backup that must exist.
"""
