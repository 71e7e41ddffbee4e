"""Runs a user's code in one thread, and makes each of its errors the error of one item.

- ``thread`` is where all of it runs; ``calls`` makes each call.
- ``raised_text`` finds the text of an exception that may be shown.
- ``unread`` is what code finds that bypasses an item's methods.
"""
