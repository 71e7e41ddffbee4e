"""What is done with a page of items: ``migrate``, ``undo``, ``inspection`` (dry run and verify).

``sample`` transforms a few items, for the plan.
"""
