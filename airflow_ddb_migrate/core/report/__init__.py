"""What people read of a migration.

``migration_report`` is the report as data, ``page`` the report as markdown, ``many_page`` those of
many tables; ``view`` is what the tab in Airflow's UI shows, ``list_row`` a row of its list of all
migrations; ``notice`` is a line and a text for chat and mail.
"""
