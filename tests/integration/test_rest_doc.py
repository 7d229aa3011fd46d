"""Every curl line of docs/rest.md works as it is printed."""

import json
import re
import shlex
from pathlib import Path
from urllib.parse import quote

from tests.attack.panel import process
from tests.attack.shipped import ship, somebody

DOCUMENT = Path(__file__).parents[2] / "docs" / "rest.md"
OURS = ("TOKEN=", "API=")


def lines():
    blocks = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith(OURS)]


def asked(line, **values):
    """What curl would send: method, path, headers, body, query."""
    for name, value in values.items():
        line = line.replace(f"${name}", value)
    words = shlex.split(line)
    assert words.pop(0) == "curl"
    method, headers, data, get, path = None, {}, [], False, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            data.append(words.pop(0))
        elif word == "--data-urlencode":
            name, _, value = words.pop(0).partition("=")
            data.append(f"{name}={quote(value)}")
        elif word == "-G":
            get = True
        else:
            assert word == "-s" or word.startswith("/api/v1/"), word
            path = word if word != "-s" else path
    query = "&".join(data) if get else ""
    return {"method": method or "GET", "path": path, "headers": headers, "query_string": query,
            "data": "" if get else "&".join(data)}  # fmt: skip


def test_every_curl_line_works(store):
    ship(store)
    app = process(store)
    program = somebody(app, store, "administrator")
    made = ""
    for line in lines():
        answer = app.test_client().open(**asked(line, TOKEN=program.secret, API="/api/v1", ID=made))
        assert answer.status_code in (200, 201), (line, answer.text)
        if answer.status_code == 201:
            made = answer.json["id"]
        elif "q=shljsm" in line:
            assert [one["id"] for one in answer.json["items"]] == [made]
    assert json.loads(app.test_client().get("/api/v1/types").data)["status"] == 401
