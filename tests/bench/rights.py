"""What permissions, the audit log and the compiling of a plan cost."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.bench import drawn
from tests.bench.findings import Aim, Finding, plain
from tests.bench.ground import Client, Ground, Panel
from tests.bench.timing import Spread, in_turn

TYPE, FIELDS, RECORDS = "ledger", 40, 2000
SHARE, LEAST_MS = 0.10, 3.0
"""Permissions may cost the larger of the two."""


def permissions(ground: Ground) -> Iterator[Finding]:
    """A list of 50 rows × 40 fields for five roles with two conditional fields, against one full grant."""
    panel = _ledger(ground)
    asked = {"limit": 50, "fields": ",".join(f"f{number:02d}" for number in range(FIELDS))}
    many, one = panel.program("many"), panel.program("one")
    path = f"/api/v1/records/{TYPE}"
    measured = in_turn({"many": lambda: many.get(path, **asked), "one": lambda: one.get(path, **asked)})
    yield _cost("list by REST", measured)
    seen_many, seen_one, page = _showing_all(panel, "many"), _showing_all(panel, "one"), f"/admin/r/{TYPE}/"
    measured = in_turn({"many": lambda: seen_many.get(page), "one": lambda: seen_one.get(page)})
    yield _cost("list page", measured)


def _cost(name: str, measured: dict[str, Spread]) -> Finding:
    many, one = measured["many"].scaled(1000), measured["one"].scaled(1000)
    most = round(max(SHARE * one.middle, LEAST_MS), 1)
    note = f"{one.middle:.1f} → {many.middle:.1f} ms"
    return plain("permissions", name, "ms", many.middle - one.middle, Aim("ms", at_most=most), note=note)


def _ledger(ground: Ground) -> Panel:
    """A panel whose register has 40 fields and 2,000 records."""
    if not ground.note().get("costs"):
        ground.renew("costs")
        store = ground.store("costs")
        drawn.put_in_force(store, drawn.a_type(TYPE, FIELDS))
        drawn.grant_many_and_one(store, TYPE)
        ground.dossier("generate", "--type", TYPE, "--count", str(RECORDS), "--full", database="costs")
        ground.note(costs=True)
    return ground.panel("costs")


def _showing_all(panel: Panel, username: str) -> Client:
    """A browser whose list shows every field, confidential ones too."""
    from models.definitions.compiled import registry_for
    from models.operations.preferences import keep_list
    from models.operations.users import actor_named
    from models.store import read_stamps

    compiled = registry_for(panel.store, read_stamps(panel.store)).get(TYPE)
    keep_list(panel.store, actor_named(panel.store, username), TYPE, {"columns": [one.id for one in compiled.active]})
    return panel.browser(username)


class Silent:
    """A log that keeps nothing: the other side of the comparison, never part of the product."""

    def append(self, entry: Any) -> None:
        """Forget it."""

    def submit(self, entry: Any) -> "Silent":
        """Forget it; it is its own ticket."""
        return self

    def wait(self) -> None:
        """Nothing is under way."""

    def close(self) -> None:
        """Nothing to write out."""


def audit(ground: Ground) -> Iterator[Finding]:
    """The same pages with their entry acknowledged by a majority, and with none at all."""
    kept = ground.panel()
    quiet = Panel(ground.settings())
    shell = quiet.app.extensions["dossier"]
    shell._store = replace(quiet.store, audit=Silent())
    pages = {"list page": ("/admin/r/customer/", 2.0), "record page": (f"/admin/r/enterprise/{_some_id(ground)}/", 5.0)}
    logged, silent = kept.browser("admin"), quiet.browser("admin")
    for name, (path, most) in pages.items():
        measured = in_turn(
            {"logged": lambda path=path: logged.get(path), "silent": lambda path=path: silent.get(path)},
            budget_seconds=10,
        )
        cost = (measured["logged"].middle - measured["silent"].middle) * 1000
        note = f"{measured['silent'].middle * 1000:.1f} → {measured['logged'].middle * 1000:.1f} ms"
        yield plain("audit", name, "ms", cost, Aim("ms", at_most=most), note=note)
    quiet.close()


def _some_id(ground: Ground) -> str:
    ground.panel()
    return ground.mongo.dossier.r_customer.find_one({"type": "enterprise"}, {"_id": 1})["_id"]


def plan(ground: Ground) -> Iterator[Finding]:
    """Compiling what 40 roles are given on a type of 200 fields, ten conditions among it, for who holds them all."""
    from models.access.grants import policy_from
    from models.access.plan import compile_plan
    from models.access.policy_files import PolicyReader
    from models.definitions.compiled import compile_all

    registry = compile_all({"broad": drawn.a_type("broad", 200)})
    held = frozenset(f"role:r{number}" for number in range(40))
    policy = policy_from(PolicyReader("bench", registry, frozenset()).entries(_wide_policy()))
    compiled = registry.get("broad")
    measured = in_turn({
        "all": lambda: compile_plan(policy, held, held, compiled),
        "five": lambda: compile_plan(policy, frozenset(sorted(held)[:5]), frozenset(sorted(held)[:5]), compiled),
    })  # fmt: skip
    aim = Aim("ms", at_most=5)
    yield plain("plan", "200 fields, 40 roles held, 10 conditions", "ms", measured["all"].scaled(1000), aim)
    yield plain("plan", "the same for one who holds five", "ms", measured["five"].scaled(1000), aim)


def _wide_policy() -> dict[str, Any]:
    """40 roles: each a scope, levels for four grades and two single fields; ten of them on a condition."""
    tree: dict[str, Any] = {"scopes": [], "grants": [], "ceilings": []}
    mine = {"field": "owner", "op": "eq", "value": "@me"}
    when = {"any": [mine, {"field": "f02", "op": "empty", "value": True}]}
    for number in range(40):
        holder = {"holder": f"role:r{number}", "type": "broad"}
        tree["scopes"].append({**holder, "actions": ["view", "edit", "export"]})
        for grade in ("public", "internal", "confidential", "secret"):
            tree["grants"].append({**holder, "target": grade, "read": "full", "write": "edit"})
        for field in (number * 5, number * 5 + 2):
            condition = {"when": when} if number < 10 and field % 5 == 0 else {}
            tree["grants"].append({**holder, "target": f"f{field:02d}", "read": "full", "use": ["filter"], **condition})
    return tree
