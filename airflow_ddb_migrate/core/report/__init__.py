"""What people read of a migration.

``migration_report`` is the report as data, ``page`` the report as markdown; ``view`` is what the
tab in Airflow's UI shows, ``latest_attempt`` a part of it, ``list_row`` a row of the list of all
migrations; ``notice`` is a line and a text for chat and mail.
"""
