"""Sets the clocks of the emulator's Lambda processes wrong, each otherwise; see FAULT_SKEW.

FAULT_SKEW names a file with one offset in seconds per line, missing while clocks are right. Which
line a process takes goes by its pid. Nothing but ``time.time`` is wrong: waiting goes by another
clock, and the emulator does not look at signatures.
"""

import os
import sys
import time
from pathlib import Path

_PATH = Path(os.environ.get("FAULT_SKEW", ""))
_right = time.time
_known = [0, 0.0]  # when the file was changed, and this process's offset


def _offset():
    try:
        changed = _PATH.stat().st_mtime_ns
        if changed != _known[0]:
            offsets = _PATH.read_text().split()
            _known[:] = changed, float(offsets[os.getpid() % len(offsets)])
    except OSError:
        return 0.0
    return _known[1]


if sys.orig_argv[-1].endswith("_worker.py"):
    time.time = lambda: _right() + _offset()
