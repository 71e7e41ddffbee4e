"""``ddb-migrate prove``: asks AWS what only AWS can answer, on tables made for it.

``run`` asks every question and removes what was made, by ``scratch``, which makes and finds it;
``compute`` makes the role, function, state machine and bucket of some questions. The questions are
in ``on_batches``, ``on_items``, ``on_tables``, ``on_executions`` and ``on_functions``;
``scratch_function`` is the code that runs in Lambda. ``fixtures`` has what was answered so far.
"""
