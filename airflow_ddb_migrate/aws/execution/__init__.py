"""Start, watch, steer and end an execution.

``request`` fills in what a request leaves open; ``starting`` begins an attempt, ``parts`` names dry
runs and checks; ``observe`` looks, ``tend`` keeps a lease alive and ends what is over, ``watcher``
does so again and again, and knows how long; ``rates`` say how fast; ``steering`` pauses, resumes,
retunes and stops; ``ending`` notes how it ended.
"""
