"""One execution of a migration, from the request to the last segment.

``request`` and ``conf`` are what a person asks for; ``segments`` and ``payload`` become the input
of the map; ``messages`` travel between Step Functions and the Lambda; ``pacing`` and
``budget_sharing`` keep workers within the budget; ``progress`` and ``rates`` say how far and how
fast; ``hold`` is a pause; ``on_kill`` is what a killed task does; ``backup_policy`` is which backup
must exist.
"""
