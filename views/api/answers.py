"""What every answer of the REST interface has in common."""

import json
from typing import Any

from flask import Response
from flask_babel import get_locale

from models.access.cells import Record
from models.users import LABEL_KEYS, LOCALES


def locale() -> str:
    """The Babel locale of this request."""
    return str(get_locale() or LOCALES[0])


def in_language(answer: Response) -> Response:
    """The answer, saying in which language its messages are."""
    answer.headers["Content-Language"] = LABEL_KEYS.get(locale(), "zh-Hans")
    answer.headers["Vary"] = "Accept-Language"
    return answer


def of_json(body: Any, status: int = 200) -> Response:
    """A JSON answer, keys in the order they were put."""
    return in_language(Response(json.dumps(body, ensure_ascii=False), status=status, content_type="application/json"))


def of_record(record: Record, status: int = 200) -> Response:
    """One record as its reader may see it, with its revision as entity tag."""
    answer = of_json(record_json(record), status)
    answer.headers["ETag"] = f'"{record.revision}"'
    return answer


def record_json(record: Record) -> dict[str, Any]:
    """The REST shape; a sub-field that was asked for alone stands inside its object."""
    body: dict[str, Any] = {}
    for name, value in record.to_json().items():
        holder, _, part = name.partition(".")
        if not part:
            body[name] = value
        elif holder not in record.cells:
            body.setdefault(holder, {})[part] = value
    return body
