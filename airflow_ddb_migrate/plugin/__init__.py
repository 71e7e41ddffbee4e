"""The migration tab of Airflow's UI.

Every Airflow process loads ``entry``; only the API server loads ``app`` with the routes.
``access``: checks Airflow's permissions on every route. ``views``: the data of the routes.
``steering``: the buttons. ``audit``: records of their use. ``dag_runs``: finds the migrations of a
run. ``cache``: keeps answers for a few seconds. ``threads``: the plugin's own threads.
"""
