"""Processes of the embedded stack.

``background`` starts and stops them, ``guardian`` ends them with their starter, ``lock`` allows one
demo a folder, ``folders`` keeps other users of the machine out of their files.
"""
