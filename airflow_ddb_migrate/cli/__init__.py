"""The command ``ddb-migrate``.

``main``: the parser and the main commands. ``deploying``: deploy options for restricted accounts,
and ``bundle``. ``policy``: IAM policies. ``doctor``: check whether a migration could run from here.
``trial``: try a transform on items that ``trial_items`` reads; ``trial_page`` shows the results.
``steering``: status, pause, resume, stop, retune and forget. ``status``: the progress in a
terminal. ``views`` and ``commands``: history and report. ``prove``: check DynamoDB's behavior on
AWS.
"""
