"""Static files named with a digest of their content, so that browsers may keep them for a year."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask, url_for

STATIC = Path(__file__).parent / "static"


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]


def asset(name: str) -> str:
    """The address of a static file under its present content."""
    return url_for("static", filename=name, v=_digest(name))


def init_app(app: Flask) -> None:
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
