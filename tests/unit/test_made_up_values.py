"""What the generator makes up looks real and checks as real, and is the same for the same seed."""

from datetime import date
from random import Random

import phonenumbers
import pytest
from stdnum import luhn
from stdnum.cn import ric, uscc

from seed import customers, numbers
from seed.people import person_name
from seed.places import PLATE_SIGNS, company_names, places

TIMES = 300


@pytest.fixture
def rng():
    return Random(7)


def test_identity_numbers_carry_place_birthday_and_sex(rng):
    for number in (numbers.identity_number(rng, "320506", date(1984, 2, 29), female=True) for _ in range(TIMES)):
        assert number[17] == ric.calc_check_digit(number)
        assert number[:6] == "320506"
        assert ric.get_birth_date(number) == date(1984, 2, 29)
        assert int(number[16]) % 2 == 0


def test_credit_codes_check_inside_and_out(rng):
    assert all(uscc.is_valid(numbers.credit_code(rng, "320506")) for _ in range(TIMES))


def test_bank_cards_follow_luhn(rng):
    cards = [numbers.bank_card(rng) for _ in range(TIMES)]
    assert all(len(card) == 19 and luhn.is_valid(card) for card in cards)


def test_mobiles_are_in_the_number_plan(rng):
    for number in (numbers.mobile(rng) for _ in range(TIMES)):
        assert phonenumbers.is_valid_number(phonenumbers.parse(number, "CN"))


def test_plates_begin_with_the_sign_of_their_province(rng):
    assert all(numbers.plate(rng, sign)[0] == sign for sign in PLATE_SIGNS.values())


def test_places_are_counties_with_six_digits():
    assert len(places()) > 2500
    assert all(len(place.code) == 6 and place.code[:2] in PLATE_SIGNS for place in places())
    assert next(place for place in places() if place.code == "320506").full == "江苏省苏州市吴中区"
    assert next(place for place in places() if place.code == "110101").full == "北京市东城区"


def test_company_names_are_many_and_trimmed():
    assert len(company_names()) == 20_000
    assert all(name == name.strip() != "" for name in company_names())


def test_some_persons_have_double_surnames_and_rare_characters():
    rng = Random(3)
    names = [person_name(rng, female=False) for _ in range(3000)]
    assert {len(name) for name in names} == {2, 3, 4}
    assert any(name[-1] in "喆祎堃翀犇淼垚炜昱晟" for name in names)


@pytest.mark.parametrize("kind", customers.KINDS)
def test_the_same_seed_gives_the_same_customers(kind):
    first = [customers.KINDS[kind](Random(f"5:{turn}")) for turn in range(20)]
    again = [customers.KINDS[kind](Random(f"5:{turn}")) for turn in range(20)]
    assert first == again
    assert first[0] != first[1]


def test_number_sex_and_year_of_birth_of_a_person_agree():
    for turn in range(TIMES):
        values = customers.individual(Random(turn))
        number = values["id_document"]["number"]
        assert int(number[6:10]) == values["age"]
        assert (int(number[16]) % 2 == 0) == (values["gender"] == "female")
        assert values["form_of_address"].endswith("女士" if values["gender"] == "female" else "先生")
