"""Rules as data: read with every fault named, compiled for a kind, judged without ever blaming the data."""

from datetime import date
from pathlib import Path

import pytest
import yaml

import seed
from models.crypto.envelope import UNREADABLE
from models.definitions.compiled import compile_all
from models.definitions.faults import DefinitionFaults
from models.lifecycle import checks
from models.lifecycle.rules import DIMENSIONS, check_fields, compile_rules, judge, read_rules, with_since
from models.operations.types import read_definitions

SEED = Path(seed.__file__).parent
TODAY = date(2026, 11, 24)
LABELS = {"zh-Hans": "一", "zh-Hant": "一", "en": "one"}
GOOD = {
    "id": "one", "version": 1, "types": ["individual"], "field": "id_document.valid_until", "dimension": "timeliness",
    "severity": "must", "predicate": "not_expired", "labels": LABELS,
}  # fmt: skip


@pytest.fixture(scope="module")
def registry():
    return compile_all(read_definitions(SEED / "types"))


@pytest.fixture(scope="module")
def shipped():
    return read_rules(yaml.safe_load((SEED / "rules.yaml").read_text(encoding="utf-8")), "rules.yaml")


def rules_of(registry, *trees, kind="individual"):
    return compile_rules(read_rules({"rules": list(trees)}, "x"), registry.get(kind))


def test_the_shipped_rules_fit_the_shipped_types(registry, shipped):
    check_fields(shipped, registry.types, "rules.yaml")
    assert len(shipped) >= 20
    assert {one.dimension for one in shipped} <= set(DIMENSIONS)
    for kind in ("enterprise", "individual", "tenant"):
        assert len(compile_rules(shipped, registry.get(kind)).rules) >= 10
    assert read_rules({"rules": [one.to_tree() for one in shipped]}, "again") == shipped


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"id": "A"}, "id"), ({"version": 0}, "version"), ({"types": "individual"}, "types"),
        ({"field": None}, "field"),
        ({"dimension": "beauty"}, "dimension"), ({"severity": "perhaps"}, "severity"),
        ({"predicate": "guess"}, "predicate"), ({"labels": {"en": "one"}}, "labels"), ({"more": 1}, "more"),
        ({"parameters": {"days": 1}}, "parameters"), ({"parameters": {"warn_days": "30"}}, "parameters"),
        ({"with": ["a", "b"]}, "with"), ({"predicate": "not_older"}, "parameters"),
    ],
)  # fmt: skip
def test_a_fault_is_named_where_it_stands(change, where):
    with pytest.raises(DefinitionFaults) as caught:
        read_rules({"rules": [GOOD, {**GOOD, "id": "two", **change}]}, "rules.yaml")
    assert [one.where for one in caught.value.faults] == [f"rules.yaml: rules.1.{where}"]


@pytest.mark.parametrize("tree", [None, [], {"rules": {}}, {"rules": [], "more": 1}, {"rules": ["x"]}])
def test_what_is_no_file_of_rules_is_said(tree):
    with pytest.raises(DefinitionFaults):
        read_rules(tree, "x")


@pytest.mark.parametrize(
    "change",
    [{"types": ["nothing"]}, {"field": "nothing"}, {"field": "id_document.number"}, {"field": "transactions.amount"}],
)
def test_a_rule_over_what_does_not_exist_is_refused(registry, change):
    with pytest.raises(DefinitionFaults):
        check_fields(read_rules({"rules": [{**GOOD, **change}]}, "x"), registry.types, "x")


def test_required_fields_are_a_rule_each(registry, shipped):
    found = [one for one in compile_rules(shipped, registry.get("tenant")).rules if one.definition.id == "required"]
    assert [one.key for one in found] == ["required:customer_name_35k2"]


def test_the_digest_moves_with_version_parameters_and_kind_alone(registry):
    first = rules_of(registry, GOOD).digest
    assert rules_of(registry, {**GOOD, "labels": {**LABELS, "en": "other"}}).digest == first
    assert rules_of(registry, {**GOOD, "version": 2}).digest != first
    assert rules_of(registry, {**GOOD, "parameters": {"warn_days": 5}}).digest != first
    assert rules_of(registry, {**GOOD, "types": ["tenant"]}, kind="tenant").digest != first


def test_a_rule_that_raises_errs_and_the_others_go_on(registry, monkeypatch):
    def broken(values, asked):
        raise ZeroDivisionError

    monkeypatch.setitem(checks.PREDICATES, "not_future", checks.Predicate(broken, ("date",)))
    rules = rules_of(registry, {**GOOD, "id": "zz"}, {**GOOD, "id": "aa", "predicate": "not_future"})
    found = judge(rules, lambda field: "2020-01-01", TODAY)
    assert {one["rule"]: (one["result"], one["reason"]) for one in found.findings} == {
        "aa": ("errored", "rule_error"), "zz": ("failed", "expired"),
    }  # fmt: skip
    assert found.worst == "failed"


def test_a_limit_of_time_is_no_outcome(registry, monkeypatch):
    """Fault F09: what ends a part that hangs must not be swallowed by a rule and taken for its answer."""
    from jobs.worker import OutOfTime

    def hangs(values, asked):
        try:
            raise OutOfTime
        except Exception:
            return checks.PASSED

    monkeypatch.setitem(checks.PREDICATES, "not_expired", checks.Predicate(hangs, ("date",)))
    with pytest.raises(OutOfTime):
        judge(rules_of(registry, GOOD), lambda field: "2020-01-01", TODAY)


def test_empty_and_unreadable_values_are_passed_over(registry):
    rules = rules_of(registry, GOOD)
    for value in (None, UNREADABLE):
        found = judge(rules, lambda field, value=value: value, TODAY)
        assert (found.worst, found.findings, found.check_on) == ("skipped", [], checks.NEVER)


def test_should_warns_where_must_fails(registry):
    found = judge(rules_of(registry, {**GOOD, "severity": "should"}), lambda field: "2020-01-01", TODAY)
    assert [one["result"] for one in found.findings] == ["warned"]


def test_a_finding_keeps_its_first_day():
    before = [{"rule": "a", "result": "failed", "since": "2026-01-01"}]
    found = with_since([{"rule": "a", "result": "failed"}, {"rule": "b", "result": "failed"}], before, "2026-11-24")
    assert [one["since"] for one in found] == ["2026-01-01", "2026-11-24"]
    assert with_since([{"rule": "a", "result": "warned"}], before, "2026-11-24")[0]["since"] == "2026-11-24"
