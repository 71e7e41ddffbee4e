"""How a user's code is run: in one thread, and its errors as errors of one item.

``thread`` is where all of it runs, ``calls`` makes each call, ``raised_text`` is what of an
exception's text may be shown, ``unread`` what code finds that reads an item around its methods.
"""
