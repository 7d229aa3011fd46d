"""The shipped roles and what they are given, read as a table."""

from pathlib import Path

import pytest
import yaml

import seed
from models.access.actions import RESOURCE_ACTIONS, RESOURCES, USES, Action
from models.access.levels import Read, Write
from models.definitions.grades import Grade

FOLDER = Path(seed.__file__).parent
ROLES = [role["id"] for role in yaml.safe_load((FOLDER / "roles.yaml").read_text(encoding="utf-8"))["roles"]]
GRANTS = yaml.safe_load((FOLDER / "grants.yaml").read_text(encoding="utf-8"))
TYPES = {
    name: yaml.safe_load((FOLDER / "types" / f"{name}.yaml").read_text(encoding="utf-8"))
    for name in sorted(path.stem for path in (FOLDER / "types").glob("*.yaml"))
}
CUSTOMERS = ("customer", "enterprise", "individual", "tenant")
GRADES = [grade.word for grade in Grade]


def addresses(type_name: str) -> set[str]:
    """What a grant on this type may name: its own fields, those of the base and of included kinds."""
    definition = TYPES[type_name]
    own = {field["name"] for field in definition["fields"]}
    own |= {f"{field['name']}.{part['name']}" for field in definition["fields"] for part in field.get("fields", ())}
    if definition.get("abstract"):
        kinds = [name for name, one in TYPES.items() if one.get("extends") == type_name and type_name != "customer"]
        own |= {field["name"] for kind in kinds for field in TYPES[kind]["fields"]}
    for other in (definition.get("extends"), *(one["type"] for one in definition.get("include", ()))):
        own |= addresses(other) if other else set()
    return own


def given(role: str, part: str = "grants", types: tuple[str, ...] = CUSTOMERS) -> list[dict]:
    """What a role is given on customers (and of the system)."""
    held = [entry for entry in GRANTS[part] if entry.get("holder") == f"role:{role}"]
    return [entry for entry in held if entry.get("type", "customer") in types]


def actions(role: str) -> set[str]:
    return {action for scope in given(role, "scopes") if "type" in scope for action in scope["actions"]}


def needs(role: str) -> set[str]:
    scopes = [scope for scope in given(role, "scopes") if "resource" in scope]
    return {f"{scope['resource']}:{verb}" for scope in scopes for verb in scope["actions"]}


def test_the_fifteen_roles_ship():
    assert ROLES == [
        "administrator", "permission_admin", "archivist", "service_clerk", "service_head", "sales", "sales_director",
        "general_manager", "quality", "legal", "auditor", "contractor",
        "front_desk", "engineering_head", "technician",
    ]  # fmt: skip


def test_every_entry_names_what_exists():
    for entry in GRANTS["scopes"] + GRANTS["grants"]:
        assert entry["holder"].removeprefix("role:") in ROLES
    for scope in GRANTS["scopes"]:
        known = set(Action) if "type" in scope else set(RESOURCE_ACTIONS)
        assert set(scope["actions"]) <= known
        assert scope.get("type", "customer") in TYPES
        assert scope.get("resource", "users") in RESOURCES
    for grant in GRANTS["grants"]:
        assert grant["target"] in {"*", *GRADES, *addresses(grant["type"])}, grant
        assert Read[grant.get("read", "none").upper()] or Write[grant.get("write", "none").upper()]
        assert set(grant.get("use", ())) <= set(USES)
    for ceiling in GRANTS["ceilings"]:
        named = [one for key in ("holders", "outside") for one in ceiling.get(key, ())]
        assert {one.removeprefix("role:") for one in named} <= set(ROLES)
        assert ceiling["target"] in {"*", *GRADES, *addresses(ceiling["type"])}
    for reach in GRANTS["reach"]:
        assert reach["role"] in ROLES
        assert reach["grade"] in GRADES


def test_no_entry_stands_twice():
    for part in ("scopes", "grants"):
        keys = ("holder", "type", "resource", "target", "when")
        seen = [str([entry.get(key) for key in keys]) for entry in GRANTS[part]]
        assert len(seen) == len(set(seen))


def test_nobody_may_export_secret_fields():
    assert not any("export_secret" in scope["actions"] for scope in GRANTS["scopes"])


def test_the_administrator_sees_and_writes_everything_everywhere():
    (grant,) = given("administrator")
    assert (grant["type"], grant["target"], grant["read"], grant["write"]) == ("customer", "*", "full", "edit")
    assert actions("administrator") == set(Action) - {Action.EXPORT_SECRET}
    assert not any("when" in scope for scope in given("administrator", "scopes"))


def test_only_legal_sees_restricted_records():
    assert [role for role in ROLES if "restricted:view" in needs(role)] == ["legal"]


def test_the_permission_administrator_has_full_reach_and_no_sight():
    assert given("permission_admin") == []
    assert actions("permission_admin") == set()
    assert "permissions:manage" in needs("permission_admin")
    reach = next(one for one in GRANTS["reach"] if one["role"] == "permission_admin")
    assert reach == {"role": "permission_admin", "types": ["*"], "grade": "secret", "read": "full", "write": "edit"}


def test_the_auditor_sees_the_log_and_no_value():
    assert given("auditor") == []
    assert actions("auditor") == {"view"}
    assert "audit:view" in needs("auditor")
    assert not any(need.endswith((":manage", ":approve")) for need in needs("auditor"))


def test_a_contractor_sees_masks_only_and_under_a_ceiling():
    assert {(grant["read"], grant.get("write")) for grant in given("contractor")} == {("masked", None)}
    assert "secret" not in {grant["target"] for grant in given("contractor")}
    ceiling = next(one for one in GRANTS["ceilings"] if one.get("holders") == ["role:contractor"])
    assert (ceiling["target"], ceiling["read_at_most"], ceiling["write_at_most"]) == ("*", "masked", "none")


@pytest.mark.parametrize("role", ["sales", "sales_director"])
def test_sales_never_sees_a_bank_account(role):
    ceiling = next(one for one in GRANTS["ceilings"] if one["target"] == "bank_account")
    assert f"role:{role}" in ceiling["holders"]
    assert (ceiling["read_at_most"], ceiling["write_at_most"]) == ("none", "none")


@pytest.mark.parametrize("role", ["service_clerk", "service_head", "sales", "sales_director", "contractor"])
def test_who_works_with_customers_works_with_their_own(role):
    assert all("when" in scope for scope in given(role, "scopes") if "type" in scope)


def test_a_clerk_reads_no_secret_field_and_fills_some_unseen():
    secret = {
        field["name"]
        for definition in (TYPES[name] for name in CUSTOMERS)
        for field in definition["fields"]
        if field["grade"] == "secret" and field["type"] != "object"
    }
    exceptions = [grant for grant in given("service_clerk") if grant["target"].split(".")[0] in secret]
    assert all(grant.get("read", "none") in ("none", "masked") for grant in exceptions)
    assert all(grant.get("write", "none") in ("none", "fill") for grant in exceptions)
    unseen = [grant["target"] for grant in exceptions if "read" not in grant and grant["write"] == "fill"]
    assert {"health_status", "family_members"} <= set(unseen)
    assert "secret" not in {grant["target"] for grant in given("service_clerk")}


def test_quality_sees_nothing_that_names_or_reaches_a_person():
    targets = {grant["target"] for grant in given("quality")}
    assert not targets & {*GRADES, "*"}
    naming = {"customer_name", "full_name", "legal_id_no", "plate_no", "owner"}
    assert not targets & {*naming, "phone", "address", "email", "im_accounts"}


def test_the_general_manager_reads_everything_and_changes_nothing():
    (grant,) = given("general_manager")
    assert (grant["target"], grant["read"], "write" in grant) == ("*", "full", False)
    assert not actions("general_manager") & {"create", "edit", "delete", "restore", "revert", "import"}


@pytest.mark.parametrize("part", ["enterprise", "individual"])
def test_what_is_granted_on_a_kind_is_granted_on_the_tenant_that_includes_it(part):
    def entries(type_name: str) -> set[str]:
        return {
            str(sorted((key, str(value)) for key, value in grant.items() if key != "type"))
            for grant in GRANTS["grants"]
            if grant["type"] == type_name
        }

    assert entries(part) <= entries("tenant")
