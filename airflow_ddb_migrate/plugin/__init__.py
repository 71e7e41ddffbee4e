"""The migration tab of Airflow's UI.

Airflow loads ``entry``, and ``app`` with the routes only where its API runs. ``access`` asks
Airflow's permissions on every route; ``views`` are what the routes show, ``steering`` the buttons,
``audit`` who pressed them; ``dag_runs`` finds a run's migrations; ``cache`` keeps answers for a few
seconds; ``threads`` are the few that all of it works in.
"""
