"""schemathesis, all checks, against a running panel: a server in this process, the fuzzer in one of its own."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

FOLDER = Path(__file__).parent


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_words: object) -> None:
        """Say nothing."""


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """The address of a panel that serves as long as the block lasts."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def fuzz(url: str, secret: str, *, examples: int, phases: str, folder: Path) -> tuple[int, str]:
    """Run schemathesis with a token: exit code (0: nothing found) and all it said.

    :param examples: at most per operation
    :param phases: of examples, coverage, fuzzing, stateful; coverage alone is thousands of requests
    :param folder: where it may write; `fuzz.log` there can be followed while it runs, which may be an hour
    """
    tool = Path(sys.executable).with_name("schemathesis")
    command = [
        str(tool), "--config-file", str(FOLDER / "schemathesis.toml"), "run", f"{url}/api/v1/openapi.json",
        "--header", f"Authorization: Bearer {secret}", "--checks", "all", "--max-examples", str(examples),
        "--seed", "20261124", "--suppress-health-check", "all", "--warnings", "off", "--no-color", "--workers", "1",
        "--generation-database", "none", "--continue-on-failure", "--phases", phases,
    ]  # fmt: skip
    log = folder / "fuzz.log"
    with log.open("w") as stream:
        done = subprocess.run(command, cwd=folder, stdout=stream, stderr=subprocess.STDOUT, check=False)
    return done.returncode, log.read_text()
