"""The hours in which a migration may work.

``windows`` reads them and knows when they are open, ``nights`` shares the work among them,
``closed`` says what it means to be outside of them. Only what runs beside Airflow reads windows,
which needs the data of time zones: workers are told when to end, in UTC.
"""
