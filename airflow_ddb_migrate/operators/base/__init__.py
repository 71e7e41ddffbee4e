"""What operators and sensors share.

``task`` has their base classes, ``request`` the parameters that say what to migrate, ``execution``
starting and waiting, ``inspection`` passes without writes, ``follow_up`` what is done about an
earlier migration, ``raised`` what the prewarm tasks of a run raised, ``not_asked`` a step that is
off, ``parameters`` the rules of parameters, ``author_rules`` those of the DAG's author,
``approvals`` what a person is asked and answers,
``task_states`` how other tasks ended.
"""
