"""What people read about a migration.

``migration_report`` is the report as data, ``page`` the report as markdown, ``many_page`` the
reports of many tables; ``view`` is what the tab in Airflow's UI shows, ``list_row`` a row of the
list of all migrations; ``notice`` is a title and a text for chat and mail.
"""
