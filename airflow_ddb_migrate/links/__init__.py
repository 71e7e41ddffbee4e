"""``migration``: links from a task to the AWS console."""
