"""The one service that the emulator does not have, in a process of its own: auto scaling.

moto answers it, with the truth: there are no scalable targets but those that somebody registered.
The port listens before moto is imported, which takes a second or two: whoever asks early waits for
the answer, and nobody waits who never asks.
"""

import socket
import sys

from werkzeug.serving import make_server

_HOST = "127.0.0.1"


def main(port: int) -> None:
    """Serve moto on a port of the loopback interface."""
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_HOST, port))
        listening.listen()

        from moto.moto_server.werkzeug_app import (
            DomainDispatcherApplication,
            create_backend_app,
        )

        app = DomainDispatcherApplication(create_backend_app)
        make_server(_HOST, port, app, threaded=True, fd=listening.fileno()).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
