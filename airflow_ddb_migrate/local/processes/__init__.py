"""Processes of the embedded stack.

``background`` starts and stops them, ``guardian`` ends them together with the process that started
them, ``lock`` allows one demo per folder, and ``folders`` closes their files to other users of the
machine.
"""
