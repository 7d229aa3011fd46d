"""The store and the people that other tests begin with."""

from models.definitions.compiled import registry_for
from models.store import read_stamps
from models.users import Role, documents
from seed.loading import ensure_shipped


def test_the_shipped_types_are_in_force(shipped):
    registry = registry_for(shipped, read_stamps(shipped))
    assert {"customer", "enterprise", "individual", "tenant"} <= set(registry.names)


def test_there_is_somebody_for_every_role(shipped, cast):
    roles = {role for actor in cast.values() for role in actor.roles}
    assert roles == {role.id for role in documents(shipped, Role)}


def test_the_cast_knows_its_departments(cast):
    assert set(cast["service_head"].departments) >= {"service", "property"}


def test_no_record_stands(shipped):
    assert shipped.data.r_customer.count_documents({}) == 0


def test_what_ships_is_brought_in_once(store):
    assert ensure_shipped(store)
    store.data.grants_config.delete_many({})
    assert not ensure_shipped(store)
    assert store.data.grants_config.count_documents({}) == 0
