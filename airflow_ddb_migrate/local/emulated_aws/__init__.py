"""AWS on loopback.

``emulator`` starts ``launcher`` as a process, which runs ministack behind a ``gate`` and adds
``autoscaling``.
"""
