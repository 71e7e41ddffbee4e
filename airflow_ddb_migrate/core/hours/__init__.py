"""The hours in which a migration may work.

``windows`` reads windows and knows when they are open, ``nights`` shares the work among them, and
``closed`` has the sentences for a migration outside its hours. Only code beside Airflow reads
windows, since that needs time zone data. Workers get the end of their hours in UTC.
"""
