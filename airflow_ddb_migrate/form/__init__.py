"""The fields of the trigger forms, in no particular order.

``kinds``: kinds of fields, such as switches and counts. ``one``: the fields of one migration.
``many``: the fields for many tables. ``author_rules``: the rules of the DAG's author.
"""
