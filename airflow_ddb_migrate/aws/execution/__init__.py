"""Start, watch, steer and end an execution.

``request`` fills in what a request leaves open; ``start`` starts or attaches, ``parts`` starts dry
runs and checks, ``required_steps`` looks for what must have been done; ``observe`` looks, ``tend``
keeps a lease alive and ends what is over, ``watcher`` does so again and again, and knows how long;
``next_window`` goes on in another window; ``rates`` say how fast; ``steering`` pauses, resumes and
retunes, ``stop`` stops; ``ending`` notes how it ended.
"""
