"""The command ``ddb-migrate``.

``main`` has the parser and the commands that deploy, ``deploying`` what accounts that are locked
down ask of them, and bundles for another tool; ``policy`` makes IAM policies;
``doctor`` says whether a migration could run from here; ``trial`` tries a transform on items that
``trial_items`` takes from the table, and ``trial_page`` shows what came of it; ``steering`` has
pause, resume, stop and retune; ``views`` has history and report, ``status`` the progress in a
terminal; ``prove`` asks AWS what only AWS can answer; ``commands`` writes the command lines that
messages advise.
"""
