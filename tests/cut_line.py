"""A line to a Unix-socket server that can be cut: requests arrive, replies are lost."""

import contextlib
import socket
import threading
from pathlib import Path
from urllib.parse import quote


class CutLine:
    """Stands between client and server at a socket of its own.

    `lose` replies at will: the request has been carried out, the client cannot know.
    """

    def __init__(self, server: Path, own: Path):
        self._server, self.own = server, own
        self._losing = b""
        self._left = 0
        self.lost = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(own))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"mongodb://{quote(str(self.own), safe='')}/?directConnection=true"

    def lose(self, count: int, request: bytes) -> None:
        """Lose the replies to the next `count` requests that contain `request`."""
        self._losing, self._left = request, count

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        """One message, one reply, as pymongo speaks."""
        with client, socket.socket(socket.AF_UNIX) as server, contextlib.suppress(OSError, EOFError):
            server.connect(str(self._server))
            while True:
                request = _message(client)
                losing = self._left > 0 and self._losing in request
                if losing:
                    self._left -= 1
                server.sendall(request)
                reply = _message(server)
                if losing:
                    self.lost += 1
                    return
                client.sendall(reply)


def _message(line: socket.socket) -> bytes:
    head = _exactly(line, 4)
    return head + _exactly(line, int.from_bytes(head, "little") - 4)


def _exactly(line: socket.socket, count: int) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        part = line.recv(count - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)
