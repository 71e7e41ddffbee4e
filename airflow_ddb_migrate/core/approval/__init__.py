"""What the author of a DAG demands of every run of it, and what a person approved.

``author_rules`` are the demands, which a run's configuration can only add to; ``approval`` is a
question to a person and its answer.
"""
