"""The list of a case: every record it names, and what belongs to them, as they are when it is made."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models.access.door import Door
from models.crypto.keys import Keyring
from models.lifecycle.cases import ItemState
from models.lifecycle.retention import is_due
from models.operations.keeping import references, system_door
from models.operations.minimums import under_minimum
from models.store import Store

BATCH = 1000
Item = dict[str, Any]


def items_for(store: Store, case: Mapping[str, Any], listing: int) -> list[Item]:
    """The items of a case. What cannot be destroyed now stands among them as skipped, with its reason."""
    door = system_door(store)
    found: dict[str, Item] = {}
    _add(door, found, case, listing, case["base"], dict.fromkeys(case["chosen"]))
    _with_minimum(door, found, case)
    _with_parts(door, found, case, listing)
    _with_keys(store.keyring, found)
    _skip_groups(found.values())
    items = sorted(found.values(), key=lambda one: one["record"])
    sizes = Counter(one["group"] for one in items)
    for number, one in enumerate(items):
        one["n"], one["alone"] = number, sizes[one["group"]] == 1
    return items


def _add(
    door: Door,
    found: dict[str, Item],
    case: Mapping[str, Any],
    listing: int,
    base: str,
    wanted: Mapping[str, str | None],
) -> list[str]:
    """Add records of one collection that are not there yet; `wanted` maps each to what it is part of."""
    fresh = [id for id in wanted if id not in found]
    records = door.open(base)
    copies = sorted(f"{kind.name}.{field.id}" for _, kind, field in references(door, "link", base))
    for start in range(0, len(fresh), BATCH):
        some = fresh[start : start + BATCH]
        frames = records.frames(some)
        for id in some:
            part_of = wanted[id]
            frame = frames.get(id)
            item = _item(door.store, case, listing, id, frame, copies)
            item["base"], item["part_of"] = base, part_of
            item["group"] = found[part_of]["group"] if part_of in found else id
            found[id] = item
    return fresh


def _item(
    store: Store,
    case: Mapping[str, Any],
    listing: int,
    id: str,
    frame: Mapping[str, Any] | None,
    copies: Sequence[str],
) -> Item:
    life = frame["life"] if frame else {}
    rule = case.get("rule") or {}
    item: Item = {
        "_id": f"{case['_id']}:{listing}:{id}",
        "case": case["_id"],
        "listing": listing,
        "record": id,
        "type": frame["type"] if frame else case["type"],
        "archive_no": frame["archive_no"] if frame else None,
        "rev": frame["rev"] if frame else 0,
        "key": None,
        "rule": rule.get("id"),
        "rule_version": rule.get("version"),
        "due_on": life.get("due_on") if rule else None,
        "copies": list(copies),
        "state": ItemState.PENDING,
    }
    if reason := _hindrance(store, frame, rule):
        item |= {"state": ItemState.SKIPPED, "reason": reason}
    return item


def _hindrance(store: Store, frame: Mapping[str, Any] | None, rule: Mapping[str, Any]) -> str | None:
    """Why a record cannot be destroyed as it is now, as far as it can be told; the lock asks again."""
    if frame is None or frame["life"].get("condemned"):
        return "gone"
    life = frame["life"]
    if life.get("hold_count"):
        return "held"
    if life.get("restricted"):
        return "restricted"
    if rule and not (life.get("class") == rule["id"] and is_due(life.get("due_on"), store.clock.today())):
        return "not_due"
    return None


def _with_parts(door: Door, found: dict[str, Item], case: Mapping[str, Any], listing: int) -> None:
    """Records that are part of others go with them, however deep; they share hold, fate and retention."""
    waiting = dict.fromkeys(found)
    while waiting:
        by_base: dict[str, list[str]] = {}
        for id in waiting:
            by_base.setdefault(found[id]["base"], []).append(id)
        waiting = {}
        for base, ids in by_base.items():
            for holder, kind, field in references(door, "part_of", base):
                parts = holder.children(kind, field, ids)
                waiting |= dict.fromkeys(_add(door, found, {**case, "rule": None}, listing, kind.base, parts))


def _with_minimum(door: Door, found: Mapping[str, Item], case: Mapping[str, Any]) -> None:
    """On request a record goes before its period is over, never before the legal minimum is."""
    if case["authority"] != "request":
        return
    kinds: dict[str, list[str]] = {}
    for one in found.values():
        kinds.setdefault(one["type"], []).append(one["record"])
    for name, ids in kinds.items():
        for id in under_minimum(door.store, door, door.registry.get(name), ids):
            if found[id]["state"] == ItemState.PENDING:
                found[id] |= {"state": ItemState.SKIPPED, "reason": "legal_minimum"}


def _with_keys(keyring: Keyring, found: Mapping[str, Item]) -> None:
    ids = list(found)
    for start in range(0, len(ids), BATCH):
        for id, key in keyring.ids_of(ids[start : start + BATCH]).items():
            found[id]["key"] = key


def _skip_groups(items: Iterable[Item]) -> None:
    """What belongs together goes together or not at all."""
    items = list(items)
    stopped = {one["group"] for one in items if one["state"] == ItemState.SKIPPED and one["reason"] != "gone"}
    for one in items:
        if one["group"] in stopped and one["state"] == ItemState.PENDING:
            one |= {"state": ItemState.SKIPPED, "reason": "part"}
