"""What ships comes into an empty store, once; the demonstration and the generator fill it."""

from functools import partial
from random import Random

import pytest

from models.access.door import Door
from models.access.query import Query
from models.definitions.compiled import registry_for
from models.definitions.record_types import load_type
from models.errors import Unavailable
from models.operations import types, users
from models.operations.bulk import Loader
from models.store import read_stamps
from models.users import Actor, Department, Role, User, actor_of, documents
from seed import demo
from seed.customers import enterprise
from seed.generate import Order, generate, rows_of
from seed.loading import apply_shipped, shipped_definitions, shipped_roles
from tests.own_store import open_own_store

SYSTEM = Actor.system_actor("cli:test", "tests")
PASSWORD = "velvet-anchor-31"


def test_types_roles_and_grants_come_in_once(store):
    apply_shipped(store)
    stamps = read_stamps(store)
    grants = store.data.grants_config.count_documents({})
    assert registry_for(store, stamps).names == tuple(sorted(shipped_definitions()))
    assert {role.id for role in documents(store, Role)} == {role["id"] for role in shipped_roles()}
    assert store.data.change_sets.count_documents({}) == 1
    apply_shipped(store)
    assert read_stamps(store) == stamps
    assert store.data.grants_config.count_documents({}) == grants


def test_what_an_administrator_changed_is_left_alone(store):
    apply_shipped(store)
    tree = shipped_definitions()["individual"].to_tree()
    tree["labels"] = {"zh-Hans": "散客", "zh-Hant": "散客", "en": "Walk-in"}
    types.apply(SYSTEM, store, {"individual": load_type(tree, "test")}, reason="test")
    store.data.grants_config.delete_many({"holder": "role:contractor"})
    apply_shipped(store)
    assert registry_for(store, read_stamps(store)).get("individual").labels["en"] == "Walk-in"
    assert store.data.grants_config.find_one({"holder": "role:contractor"}) is None


@pytest.fixture
def demonstration(store):
    apply_shipped(store)
    assert demo.load(store, PASSWORD)
    return store


def test_the_demonstration_has_an_account_for_every_role_and_is_loaded_once(demonstration):
    accounts = {user.username: user for user in documents(demonstration, User)}
    assert {role for user in accounts.values() for role in user.roles} == {role["id"] for role in shipped_roles()}
    assert accounts["admin"].roles == ["administrator"]
    assert documents(demonstration, Department).count() == len(demo.DEPARTMENTS)
    assert demonstration.data.r_customer.count_documents({}) == 300
    assert not demo.load(demonstration, PASSWORD)
    assert demonstration.data.r_customer.count_documents({}) == 300


@pytest.mark.parametrize("kind", ["enterprise", "individual", "tenant"])
def test_the_first_customer_of_each_kind_is_met_by_everybody_who_works_with_customers(demonstration, kind):
    first = demonstration.data.r_customer.find_one({"type": kind}, sort=[("archive_no", 1)])["_id"]
    for name in ("admin", "archivist", "service_clerk", "service_head", "sales", "general_manager", "quality",
                 "legal", "auditor", "contractor"):  # fmt: skip
        actor = actor_of(demonstration, users.find_by_username(demonstration, name))
        assert Door(demonstration, actor).open("customer").get(first).id == first, name


def seen(store, name, kind):
    first = store.data.r_customer.find_one({"type": kind}, sort=[("archive_no", 1)])["_id"]
    record = Door(store, actor_of(store, users.find_by_username(store, name))).open(kind).get(first)
    return {cell.field.address: cell for cell in record.every_cell() if not cell.cells and not cell.field.frame}


@pytest.mark.parametrize("kind", ["enterprise", "individual", "tenant"])
def test_each_role_sees_what_its_sentence_says(demonstration, kind):
    marks = {name: {a: c.mark for a, c in seen(demonstration, name, kind).items()} for name in (
        "admin", "general_manager", "service_clerk", "sales", "quality", "auditor", "contractor")}  # fmt: skip
    assert set(marks["admin"].values()) <= {"value", "empty"}
    assert marks["general_manager"] == marks["admin"]
    assert marks["auditor"] == {}
    assert set(marks["contractor"].values()) <= {"masked", "empty"}
    assert marks["contractor"]["phone"] == "masked"
    assert marks["service_clerk"]["phone"] == "value"
    assert marks["service_clerk"]["bank_account"] == "masked"
    assert marks["service_clerk"]["health_status"] in ("filled", "fillable")
    assert "bank_account" not in marks["sales"]
    assert marks["sales"]["contract_price"] == "value"
    assert not {"customer_name", "phone", "address", "email"} & marks["quality"].keys()
    assert marks["quality"]["feedback"] == "value"


def test_nobody_without_records_opens_a_list(demonstration):
    keeper = actor_of(demonstration, users.find_by_username(demonstration, "permission_admin"))
    assert Door(demonstration, keeper).types() == []


def rows(store, order, turn, count=200):
    door = Door(store, SYSTEM)
    loaders = {kind.name: Loader(door.open(kind.name)) for kind in door.registry.concrete(order.type)}
    return rows_of(order, turn, count, loaders, [], [])


def test_a_batch_of_the_generator_depends_on_seed_type_and_place_alone(store):
    apply_shipped(store)
    order = Order("customer", 10_000, seed=7)

    def values(made):
        filed = registry_for(store, read_stamps(store)).get("customer").find("filed_at").id
        return {kind: [{k: v for k, v in row.values.items() if k != filed} for row in part]
                for kind, part in made.items()}  # fmt: skip

    first = values(rows(store, order, 3))
    assert first == values(rows(store, order, 3))
    assert first != values(rows(store, order, 4))
    assert first != values(rows(store, Order("customer", 10_000, seed=8), 3))
    assert set(first) == {"enterprise", "individual", "tenant"}


def test_generated_customers_are_found_by_their_names(store):
    apply_shipped(store)
    door = Door(store, SYSTEM).open("enterprise")
    loader = Loader(door)
    body = enterprise(Random(1))
    loader.write([loader.read(body)])
    assert len(door.page(Query(q=body["customer_name"][2:6])).items) == 1
    assert len(door.page(Query(q=body["legal_id_no"])).items) == 1


def test_several_processes_make_every_record_once_and_close_their_lanes(store, mongo_url, database_name, tmp_path):
    apply_shipped(store)
    told = []
    order = Order("customer", 2_300, seed=3)
    opened = partial(open_own_store, mongo_url, database_name, tmp_path)
    assert generate(opened, order, progress=told.append, workers=2) == 2_300
    assert sum(told) == 2_300
    numbers = [one["archive_no"] for one in store.data.r_customer.find({}, {"archive_no": 1})]
    assert len(numbers) == len(set(numbers)) == 2_300
    assert store.keys.data_keys.count_documents({}) == 2_300
    assert store.data.number_blocks.count_documents({"state": "open"}) == 0
    logged = [id for one in store.data.audit_entries.find({"action": "records:load"}) for id in one["records"]]
    assert sorted(logged) == sorted(one["_id"] for one in store.data.r_customer.find({}, {"_id": 1}))
    lanes = list(store.data.audit_lanes.find({"name": "worker"}))
    assert lanes
    assert {lane["state"] for lane in lanes} == {"closed"}


def no_archive():
    raise Unavailable


def test_why_a_process_cannot_open_the_archive_is_told_as_it_is():
    with pytest.raises(Unavailable):
        generate(no_archive, Order("customer", 10), progress=print, workers=1)
