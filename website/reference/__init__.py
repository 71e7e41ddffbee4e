"""The pages of the reference, made from the code at the time the site is built.

``pages`` lists them: ``classes`` (operators, sensors, triggers, functions), ``fields`` of a run's
configuration, ``commands``, ``configuration``, ``policies``, ``ledger``, ``errors``, ``limits``.
``markdown`` and ``docstrings`` help to write them.
"""
