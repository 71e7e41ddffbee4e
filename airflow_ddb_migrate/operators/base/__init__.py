"""Code that operators and sensors share.

``task``: their base classes. ``request``: the parameters of a migration. ``execution``: start an
execution and wait for it. ``inspection``: passes without writes. ``follow_up``: undo and replay of
an earlier migration. ``raised``: the capacity that the prewarm tasks of a run raised.
``not_asked``: steps that are switched off. ``parameters``: validation of parameters.
``author_rules``: the rules of the DAG's author. ``approvals``: questions to a person and their
answers. ``task_states``: how other tasks ended.
"""
