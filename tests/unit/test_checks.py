"""What rules ask of values: unusual is not wrong, impossible is, and time alone is announced."""

from datetime import date
from types import SimpleNamespace

import pytest

from models.definitions.field_types import FIELD_TYPES
from models.definitions.fields import Field
from models.definitions.identity_types import credit_check_digit, organisation_check_digit, resident_check_digit
from models.lifecycle.checks import NEVER, PREDICATES, Asked

TODAY = date(2026, 11, 24)


def ask(predicate, *values, type="text", **parameters):
    field = Field("f_0000", "f", {}, FIELD_TYPES[type])
    return PREDICATES[predicate].check(values, Asked([field], TODAY, parameters))


def card(front):
    return front + resident_check_digit(front)


@pytest.mark.parametrize(
    ("number", "kind", "result", "reason"),
    [
        (card("11010519900307001"), "id_card", "passed", ""),
        (card("11010519900307001"), None, "passed", ""),
        (card("11010519900307001")[:17] + "A", "id_card", "failed", "characters"),
        (card("11010519900307001")[:16] + "99", "id_card", "failed", "check_digit"),
        ("000000000000000000", "id_card", "failed", "nonsense"),
        ("111111111111111111", "id_card", "failed", "nonsense"),
        (card("01010519900307001"), "id_card", "failed", "nonsense"),
        (card("11010519900230001"), "id_card", "failed", "birth_date"),
        (card("11010519000229001"), "id_card", "failed", "birth_date"),
        (card("11010520000229001"), "id_card", "passed", ""),
        (card("11010520991231001"), "id_card", "failed", "birth_future"),
        (card("11010520261125001"), "id_card", "failed", "birth_future"),
        (card("11010520261124001"), "id_card", "passed", ""),
        (card("11010518900307001"), "id_card", "warned", "age"),
        (card("11010518960307001"), "id_card", "passed", ""),
        (card("19010519900307001"), "id_card", "warned", "region"),
        (card("81000019900307001"), "hkmt_permit", "passed", ""),
        (card("83000019900307001"), "hkmt_permit", "passed", ""),
        (card("81000019900307001"), "id_card", "warned", "kind"),
        (card("11010519900307001"), "hkmt_permit", "warned", "kind"),
        (card("91115619900307001"), "foreign_permit", "passed", ""),
        (card("91115619900307001"), "id_card", "warned", "kind"),
        ("110105900307001", "id_card", "warned", "old_card"),
        ("110105901307001", "id_card", "failed", "birth_date"),
        ("11010590030700", "id_card", "failed", "length"),
        ("CHN310010123456", "foreign_permit", "passed", ""),
        ("E12345678", "passport", "passed", ""),
        ("１１０１０５１９９００３０７００１" + resident_check_digit("11010519900307001"), "id_card", "passed", ""),
    ],
)
def test_identity_documents(number, kind, result, reason):
    found = ask("id_document", number, kind, type="id_number")
    assert (found.result, found.reason) == (result, reason)


def test_a_birth_to_come_is_looked_at_again_on_its_day():
    assert ask("id_document", card("11010520270101001"), None, type="id_number").check_on == "2027-01-01"


def code(front):
    whole = front + organisation_check_digit(front[8:16])
    return whole + credit_check_digit(whole)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (code("9131000012345678"), ""),
        ("0" * 18, "nonsense"),
        (code("9131000012345678")[:17] + "0", "check_digit"),
        (code("9199000012345678"), "region"),
        ("91310000123456", "length"),
        (code("9131000012345678")[:16] + "IO", "characters"),
    ],
)
def test_credit_codes(value, reason):
    assert ask("form", value, type="credit_code").reason == reason


@pytest.mark.parametrize(
    ("value", "result"),
    [("6222021234567890120", "skipped"), ("4111111111111111", "passed"), ("4111111111111112", "failed"),
     ("12345678", "skipped")],
)  # fmt: skip
def test_cards_have_a_digit_and_accounts_of_companies_none(value, result):
    found = ask("luhn", value, type="bank_account").result
    assert found == result or value.startswith("6222")


@pytest.mark.parametrize(
    ("last", "result", "reason", "check_on"),
    [
        ("2026-11-24", "warned", "expiring", "2026-11-25"),
        ("2026-11-23", "failed", "expired", NEVER),
        ("2026-12-23", "warned", "expiring", "2026-12-24"),
        ("2026-12-24", "passed", "", "2026-11-25"),
        ("2027-12-31", "passed", "", "2027-12-02"),
        (NEVER, "passed", "", NEVER),
    ],
)
def test_the_last_day_counts_and_without_end_is_no_fault(last, result, reason, check_on):
    assert ask("not_expired", last, type="date", warn_days=30) == (result, reason, check_on)


def test_the_day_to_look_again_is_when_the_answer_changes():
    field = Field("f_0000", "f", {}, FIELD_TYPES["date"])
    for last in ("2026-12-24", "2027-02-28", "2026-11-24"):
        day, answers = TODAY, []
        while len(answers) < 4 and day.isoformat() != NEVER:
            found = PREDICATES["not_expired"].check([last], Asked([field], day, {"warn_days": 30}))
            answers.append(found.reason)
            day = date.fromisoformat(found.check_on)
        assert answers[-1] == "expired"
        assert len(answers) == len(set(answers))


def test_confirmed_long_ago():
    assert ask("not_older", "2025-11-24", type="date", days=365) == ("passed", "", "2026-11-25")
    assert ask("not_older", "2025-11-23", type="date", days=365).reason == "old"
    assert ask("not_older", NEVER, type="date", days=365).result == "passed"


def test_birth_and_sex_agree_with_the_number():
    man = card("11010519900307001")
    assert ask("birth_year", man, 1990).result == "passed"
    assert ask("birth_year", man, 1991).reason == "differs"
    assert ask("birth_year", "E12345678", 1991).result == "skipped"
    assert ask("sex", man, "male").result == "passed"
    assert ask("sex", man, "female").reason == "differs"
    assert ask("sex", man, "unknown").result == "skipped"
    assert ask("sex", "110105900307002", "female").result == "passed"


def test_one_of_several_fields_is_enough():
    assert ask("filled", None, "x").result == "passed"
    assert ask("filled", None, None).reason == "missing"
    assert ask("in_order", "2026-01-02", "2026-01-01").result == "passed"
    assert ask("in_order", "2026-01-01", "2026-01-02").reason == "order"


def test_every_reason_has_a_sentence():
    from models.lifecycle import checks

    source = SimpleNamespace(text=open(checks.__file__, encoding="utf-8").read()).text  # noqa: SIM115
    import re

    used = set(re.findall(r'Outcome\("(?:failed|warned)", "([a-z_]+)"', source)) | set(checks._FORM_REASONS.values())
    assert used <= set(checks.REASONS)
