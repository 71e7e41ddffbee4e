"""Raise a table's capacity, and bring it back.

``prewarm`` writes down and raises, ``prewarm_task`` does so for a task and tells what it costs,
``wait`` waits until it is there; ``restore`` brings it back by ``restore_steps``, ``between`` does
so between two windows; ``safety_net`` does so for migrations whose Airflow is gone, and
``net_metrics`` tells CloudWatch what is left; ``cost`` has the table's prices.
"""
