"""What the attacks over REST ask in many ways, and what none of the answers may hold."""

import json

from tests.attack.stage import HIDDEN
from tests.attack.unchanged import unchanged

NAMES_OF_HIDDEN = ("id_card", "Paper", "证件", "證件", "income", "Income", "收入")
"""What must not stand in anything S gets: names and labels of what S may not know of."""
SPELLINGS = (
    "id_card",
    "-id_card",
    "id_card_e5f6",
    "v.id_card_e5f6",
    "ID_CARD",
    "id_card.number",
    " id_card",
    "ｉd_card",
    "family.income",
    "s",
    "d",
    "life",
    "v",
    "$where",
    "nothing_at_all",
)
"""A hidden field, by every name somebody might try, and what is no field at all."""


def leaf(field, op, value):
    """One condition, as a query carries it."""
    return json.dumps({"field": field, "op": op, "value": value})


def everywhere(where):
    """The same question to a list, its count, an export in each form and a group."""
    return [
        ("/records/client", {"where": where}),
        ("/records/client", {"where": where, "count": 1, "limit": 1}),
        *(("/records/client/export", {"where": where, "format": form}) for form in ("csv", "xlsx", "jsonl")),
        ("/records/client/group", {"where": where, "by": "level"}),
    ]


def refused(stage, who, questions):
    """Every one of these is refused with the same bytes, and nothing is touched."""
    bodies = set()
    with unchanged(stage.store):
        for path, params in questions:
            for one in (who, stage.another_process(who)):
                answer = one.get(path, params=params)
                assert answer.status_code == 403, (path, params, answer.text)
                assert answer.json["code"] == "not_allowed"
                bodies.add(answer.data)
    assert len(bodies) == 1
    (body,) = bodies
    assert not [name for name in NAMES_OF_HIDDEN if name.encode() in body]


def leaks(answer):
    """Hidden values that stand in an answer."""
    return [value for value in HIDDEN if value.encode() in answer.data]


def stored(stage, id):
    """A record as the database holds it."""
    return stage.store.data.r_client.find_one({"_id": id})
