"""The shipped definitions validate, compile together, and mean what the paper says once compiled."""

from random import Random

import pytest

from models.definitions.compiled import compile_all
from models.definitions.grades import Grade
from seed import customers, fillers
from seed.loading import shipped_definitions

KINDS = ("enterprise", "individual", "tenant")


@pytest.fixture(scope="module")
def registry():
    return compile_all(shipped_definitions())


def parsed(compiled, body):
    fields = {name: compiled.find(name) for name in body}
    values = {field.id: field.type.parse(body[name], field) for name, field in fields.items()}
    return {id: value for id, value in values.items() if value is not None}


def leaves(compiled, values):
    """(field, value) of every stored value, parts of objects each on their own."""
    for id, value in values.items():
        field = compiled.by_id[id]
        if field.type.name == "object":
            yield from ((compiled.by_id[part], inner) for part, inner in value.items())
        else:
            yield field, value


def test_customers_lie_in_one_collection_and_registers_in_their_own(registry):
    customers = ("customer", "enterprise", "individual", "tenant")
    assert {registry.get(name).collection for name in customers} == {"r_customer"}
    own = {compiled.collection for compiled in registry if compiled.name not in customers}
    assert own == {"r_unit", "r_complaint", "r_person_link", "r_service_job"}
    assert registry.get("customer").abstract
    assert [kind.name for kind in registry.concrete("customer")] == list(KINDS)
    assert all(len(compiled.planned) <= 40 for compiled in registry)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_the_fields_of_its_base_under_the_same_ids(registry, kind):
    base, compiled = registry.get("customer"), registry.get(kind)
    assert {field.id for field in base.walk()} <= {field.id for field in compiled.walk()}


@pytest.mark.parametrize("included", ["enterprise", "individual"])
def test_a_tenant_has_the_fields_of_both_kinds_under_the_same_ids(registry, included):
    tenant = registry.get("tenant")
    own = [field for field in registry.get(included).active if field.id not in registry.get("customer").by_id]
    assert own
    assert all(tenant.by_id[field.id].visible_when is not None for field in own)


def test_a_person_s_name_is_sealed_and_a_company_s_is_not(registry):
    assert {kind: registry.get(kind).find("customer_name").sealed for kind in KINDS} == {
        "enterprise": False, "individual": True, "tenant": True,
    }  # fmt: skip
    assert registry.get("enterprise").find("customer_name").sort


def test_every_secret_field_is_sealed(registry):
    for compiled in registry:
        for field in compiled.walk():
            if field.grade == Grade.SECRET and field.type.name != "object" and not field.computed and not field.in_rows:
                assert field.sealed, (compiled.name, field.address)


@pytest.mark.parametrize("kind", KINDS)
def test_a_made_up_record_has_24_values_of_which_8_sealed(registry, kind):
    compiled = registry.get(kind)
    for turn in range(50):
        found = [field for field, _ in leaves(compiled, parsed(compiled, customers.KINDS[kind](Random(turn))))]
        assert (len(found), sum(field.sealed for field in found)) == (24, 8)


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_record_fills_every_field_that_can_be_made_up(registry, kind):
    compiled = registry.get(kind)
    for turn in range(20):
        rng = Random(turn)
        values = parsed(compiled, fillers.fill(compiled, customers.KINDS[kind](rng), rng))
        assert {field.id for field in compiled.active if fillers.is_fillable(field)} <= values.keys()


def test_every_field_type_people_fill_has_a_filler(registry):
    wanted = {field.type.name for compiled in registry for field in compiled.walk() if fillers.is_fillable(field)}
    assert wanted - {"object"} <= fillers.FILLERS.keys()
