"""The command ``ddb-migrate``.

``main`` has the parser and the commands that deploy; ``steering`` has pause, resume, stop and
retune; ``views`` has history and report, ``status`` the progress in a terminal; ``commands`` writes
the command lines that messages advise.
"""
