"""``ddb-migrate prove``: asks AWS what only AWS can answer, on tables created for it.

``run`` asks every question and removes what was created. ``scratch`` creates, finds and removes it;
``compute`` creates the role, function, state machine and bucket of some questions. The questions
are in ``on_batches``, ``on_items``, ``on_tables``, ``on_executions`` and ``on_functions``;
``scratch_function`` is the code that runs in Lambda. ``fixtures`` has the answers so far.
"""
