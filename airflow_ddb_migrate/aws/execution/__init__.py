"""Start, watch, steer and end an execution.

- ``request`` fills in what a request leaves open; ``starting`` begins an attempt; ``parts`` names
  dry runs and checks.
- ``observe`` reads the state; ``tend`` also keeps the lease and ends what is over; ``watcher`` does
  so repeatedly, with a time limit.
- ``rates`` says how fast a migration is.
- ``steering`` pauses, resumes, retunes and stops it; ``ending`` notes how it ended.
"""
