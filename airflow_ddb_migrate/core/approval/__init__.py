"""What the author of a DAG requires of every run, and what a person approved.

``author_rules`` has the author's rules, to which a run's configuration can only add; ``approval``
is a question to a person and its answer.
"""
