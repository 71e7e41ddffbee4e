"""The fields of the trigger forms, without their order.

``kinds``: switches, counts and the like. ``one``: of one migration. ``many``: of many tables.
``author_rules``: what the author of the DAG allows in them.
"""
