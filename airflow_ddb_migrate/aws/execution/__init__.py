"""Start, watch, steer and end an execution.

``request`` fills in what a request leaves open; ``start`` starts or attaches, ``parts`` starts dry
runs and checks; ``tend`` observes a migration and keeps its lease, ``watcher`` does so again and
again, ``rates`` and ``time_limit`` say how fast and how long; ``steering`` pauses, resumes,
retunes and stops.
"""
