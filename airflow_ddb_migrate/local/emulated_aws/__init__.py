"""AWS on the loopback interface.

``emulator`` starts ``launcher`` as a process. That runs ministack behind a ``gate``, with
``autoscaling`` added.
"""
