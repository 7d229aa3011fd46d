"""Values of made-up customers: consistent inside a record, the same for the same seed.

A value has the shape REST takes. `filled` gives the 24 fields a usual archive has, 8 of them sealed.
"""

from collections.abc import Callable
from datetime import date
from random import Random
from typing import Any

from seed import numbers
from seed.people import person_name
from seed.places import PLATE_SIGNS, Place, company_names, places
from seed.words import CARS, ESTATES, GOODS, MAIL_DOMAINS, POSTS, STREETS, TOWERS

Values = dict[str, Any]

TODAY = date(2026, 10, 31)
"""Dates are drawn back from this day, not from the clock: a seed gives the same records for ever."""
_TODAY = TODAY.toordinal()

_TRADES = (
    ("商贸", "wholesale"), ("科技", "it"), ("机电设备", "manufacturing"), ("建筑工程", "construction"),
    ("餐饮管理", "catering"), ("物流", "transport"), ("信息技术", "it"), ("医疗器械", "health"),
    ("文化传媒", "culture"), ("教育咨询", "education"), ("农业发展", "agriculture"), ("置业", "estate"),
    ("矿业", "mining"), ("投资管理", "finance"), ("食品", "manufacturing"), ("汽车销售服务", "wholesale"),
)  # fmt: skip
_BUSINESS = ("sales", "distribution", "lease", "property", "repair", "training", "telecom", "other")
_MATERIAL = ("registration", "contract", "certificate", "correspondence", "electronic")
_CHANNEL = ("phone", "mail", "event", "website", "sale", "visit", "questionnaire")
_FORMS = ("limited", "limited", "limited", "joint_stock", "state_owned", "partnership", "foreign", "household")
_HOURS = ("workday_morning", "workday_noon", "workday_afternoon", "workday_evening", "weekend_day", "weekend_evening")


def pick(rng: Random, options: tuple | list) -> Any:
    """One of the options; quicker than `rng.choice`."""
    return options[int(rng.random() * len(options))]


def past_day(rng: Random, least: int, most: int) -> str:
    """A day `least` to `most` days ago."""
    return date.fromordinal(_TODAY - least - int(rng.random() * (most - least))).isoformat()


def money(minor: int) -> dict[str, str]:
    """An amount of `minor` fen as REST sends it."""
    return {"amount": f"{minor // 100}.{minor % 100:02d}", "currency": "CNY"}


def phones(rng: Random) -> list[dict[str, str]]:
    """One number, sometimes two."""
    return [{"number": numbers.mobile(rng)} for _ in range(2 if rng.random() < 0.12 else 1)]


def address(rng: Random, place: Place, *, office: bool) -> dict[str, str]:
    """A street address in a real county."""
    chance = rng.random()
    house = f"{pick(rng, STREETS)}{int(chance * 998) + 1}号"
    building, unit = (pick(rng, TOWERS), "层") if office else (pick(rng, ESTATES), "栋")
    inside = f"{building}{int(chance * 30) + 1}{unit}"
    room = f"{int(chance * 9000) % 30 + 1:02d}室"
    return {"region": place.code, "country": "CN", "text": place.full + house + inside + room}


def email(rng: Random) -> str:
    """An address at a domain kept free for examples."""
    return f"u{int(rng.random() * 10**8):08d}@{pick(rng, MAIL_DOMAINS)}"


def common(rng: Random, place: Place, *, office: bool) -> Values:
    """What every usual archive has, whatever its kind: 8 values, 4 of them sealed."""
    return {
        "business_type": pick(rng, _BUSINESS),
        "material_type": pick(rng, _MATERIAL),
        "geography": place.code[:2],
        "collection_channel": pick(rng, _CHANNEL),
        "phone": phones(rng),
        "address": address(rng, place, office=office),
        "email": email(rng),
        "bank_account": numbers.bank_card(rng),
    }


def company_name(rng: Random, place: Place, trade: str) -> str:
    """A full company name around a real short one: 苏州一得阁商贸有限公司."""
    form = "有限公司" if rng.random() < 0.85 else "股份有限公司"
    town = place.city.removesuffix("市")
    return f"{town}{pick(rng, company_names())}{trade}{form}"


def enterprise(rng: Random) -> Values:
    """A company."""
    place = pick(rng, places())
    trade, industry = pick(rng, _TRADES)
    founded = 400 + int(rng.random() * 11000)
    scale = int(rng.expovariate(1 / 120)) + 3
    values = common(rng, place, office=True)
    values |= {
        "customer_name": company_name(rng, place, trade),
        "legal_id_no": numbers.credit_code(rng, place.code),
        "founded_on": date.fromordinal(_TODAY - founded).isoformat(),
        "organisation_form": pick(rng, _FORMS),
        "industry": industry,
        "nature_class": "ordinary" if rng.random() < 0.8 else pick(rng, ("government", "special", "partner")),
        "trading_since": past_day(rng, 1, min(founded, 4000)),
        "staff_count": scale,
        "annual_sales": money(scale * (200_000 + int(rng.random() * 800_000)) * 100),
        "assets": money(scale * (100_000 + int(rng.random() * 900_000)) * 100),
        "service_area": sorted({place.code[:2], pick(rng, places()).code[:2]}),
        "contract_content": f"供应{pick(rng, GOODS)}，按季结算，质保{int(rng.random() * 3) + 1}年。",
        "contract_price": money((int(rng.random() * 900_000) + 1000) * 100),
        "credit_status": pick(rng, ("excellent", "good", "good", "fair", "poor")),
        "proprietor": {"name": person_name(rng, female=rng.random() < 0.3)},
        "purchased_on": past_day(rng, 1, 1500),
    }
    return values


def individual(rng: Random) -> Values:
    """A private person; number, sex and year of birth agree."""
    place = pick(rng, places())
    female = rng.random() < 0.5
    values = common(rng, place, office=False)
    values |= person(rng, place, female=female)
    level = pick(rng, ("standard", "standard", "silver", "gold", "diamond"))
    values |= {
        "form_of_address": values["customer_name"][0] + ("女士" if female else "先生"),
        "preferred_language": "zh" if rng.random() < 0.9 else pick(rng, ("yue", "en", "ja", "ko")),
        "best_time_to_call": [pick(rng, _HOURS)],
        "is_member": rng.random() < 0.7,
        "membership_level": level,
        "points": int(rng.expovariate(1 / 800)),
        "discount": {"standard": 0, "silver": 5, "gold": 10, "diamond": 15}[level],
        "car_model": pick(rng, CARS),
        "plate_no": numbers.plate(rng, PLATE_SIGNS[place.code[:2]]),
        "how_they_heard": pick(rng, ("internet", "friend", "outdoor", "press", "event", "passing")),
        "special_care": rng.random() < 0.05,
    }
    return values


def person(rng: Random, place: Place, *, female: bool) -> Values:
    """Who a private person is: 6 values, 3 of them sealed."""
    born = date.fromordinal(_TODAY - 6600 - int(rng.random() * 22000))
    return {
        "customer_name": person_name(rng, female=female),
        "gender": "female" if female else "male",
        "age": born.year,
        "id_document": {
            "kind": "id_card",
            "number": numbers.identity_number(rng, place.code, born, female=female),
        },
    }


def tenant(rng: Random) -> Values:
    """A company or a household in managed property."""
    place = pick(rng, places())
    company = rng.random() < 0.4
    values = common(rng, place, office=company)
    floor = int(rng.random() * 32) + 1
    start = 30 + int(rng.random() * 1400)
    values |= _tenant_company(rng, place) if company else _household(rng)
    values |= {
        "occupant_kind": "company" if company else "household",
        "unit": {
            "building": f"{int(rng.random() * 20) + 1}号楼",
            "floor": str(floor),
            "room": f"{floor}{int(rng.random() * 12) + 1:02d}",
        },
        "lease_terms": {
            "starts_on": date.fromordinal(_TODAY - start).isoformat(),
            "ends_on": date.fromordinal(_TODAY - start + 365 * (1 + int(rng.random() * 5))).isoformat(),
            "rent": money((1500 + int(rng.random() * 60_000)) * 100),
        },
        "property_fee_status": {"status": pick(rng, ("paid", "paid", "partial", "overdue"))},
        "contacts": [_contact(rng)],
        "nonmotor_vehicles": [
            {"plate_no": f"F{int(rng.random() * 10**6):06d}", "holder": person_name(rng, female=rng.random() < 0.5)}
        ],
        "id_cards": [{"card_no": f"C{int(rng.random() * 10**6):06d}", "holder": values["customer_name"]}],
        "meeting_member": rng.random() < 0.1,
        "purchased_on": past_day(rng, 1, 1500),
    }
    return values


def _tenant_company(rng: Random, place: Place) -> Values:
    trade, industry = pick(rng, _TRADES)
    return {
        "customer_name": company_name(rng, place, trade),
        "company_nature": pick(rng, ("private", "private", "state", "foreign", "joint", "public_body")),
        "industry": industry,
    }


def _household(rng: Random) -> Values:
    female = rng.random() < 0.5
    name = person_name(rng, female=female)
    return {
        "customer_name": name,
        "form_of_address": name[0] + ("女士" if female else "先生"),
        "preferred_language": "zh",
    }


def _contact(rng: Random, only: tuple[str, ...] = ("name", "post", "phone")) -> Values:
    female = rng.random() < 0.5
    whole = {
        "name": person_name(rng, female=female),
        "post": pick(rng, POSTS),
        "phone": [{"number": numbers.mobile(rng)}],
    }
    return {key: whole[key] for key in only}


KINDS: dict[str, Callable[[Random], Values]] = {"enterprise": enterprise, "individual": individual, "tenant": tenant}
SHARES = (("enterprise", 0.45), ("individual", 0.35), ("tenant", 0.2))
"""How `--type customer` divides what it makes."""


def any_kind(rng: Random) -> str:
    """A kind, by its share."""
    chance = rng.random()
    for kind, share in SHARES:
        chance -= share
        if chance < 0:
            return kind
    return SHARES[0][0]
