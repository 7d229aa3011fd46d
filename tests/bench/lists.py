"""Lists, depth, search, filters and single records, beside stock; and how little they grow with the archive."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from models.definitions.readings import readings, surname_readings
from tests.bench.findings import Aim, Finding, beside_stock, plain, times
from tests.bench.ground import Client, Ground, NotMeasured
from tests.bench.stock import COLUMNS
from tests.bench.timing import Work, in_turn

LIST = "/admin/r/customer/"
STOCK = "/admin/customer/"
SHOWN = (
    "archive_no", "customer_name", "customer_kind", "business_type", "material_type",
    "geography", "collection_channel", "state", "created_at", "updated_at",
)  # fmt: skip
"""The ten columns of the stock side under our names."""
SORTED = {
    "archive_no": (LIST, 0), "customer_name": ("/admin/r/enterprise/", 1), "state": (LIST, 7),
    "created_at": (LIST, 8), "updated_at": (LIST, 9),
}  # fmt: skip
"""Our sortable columns, and the place stock knows them by. Names of persons are sealed, so names sort companies."""
GROWTH = Aim("×", at_most=1.3)


@dataclass
class Sides:
    """Everything a case may need."""

    ground: Ground
    browser: Client
    stock: Client

    @property
    def raw(self) -> Any:
        """The stock collection through the driver alone."""
        return self.ground.mongo.stock.customer

    @property
    def ours(self) -> Any:
        """Our records, for choosing what to look for; never timed."""
        return self.ground.mongo.dossier.r_customer


def sides(ground: Ground) -> Sides:
    """Both panels, signed in, showing the same ten columns."""
    return Sides(ground, browser(ground, "dossier"), ground.stock)


def browser(ground: Ground, database: str, username: str = "admin") -> Client:
    """Somebody whose list shows the ten columns."""
    from models.definitions.compiled import registry_for
    from models.operations.preferences import keep_list
    from models.operations.users import actor_named
    from models.store import read_stamps

    store = ground.panel(database).store
    compiled = registry_for(store, read_stamps(store)).get("customer")
    found = (compiled.find(name) for name in SHOWN)
    keep_list(store, actor_named(store, username), "customer", {"columns": [one.id for one in found if one]})
    return ground.panel(database).browser(username)


def lists(ground: Ground) -> Iterator[Finding]:
    """The first page, and the first page in every order."""
    both = sides(ground)
    shown = dict.fromkeys(COLUMNS, 1)
    yield beside_stock(
        "lists", "first page", in_turn({
            "ours": lambda: both.browser.get(LIST),
            "stock": lambda: both.stock.get(STOCK),
            "raw": lambda: list(both.raw.find({}, shown, sort=[("updated_at", -1)], limit=50)),
        }), times(40),
    )  # fmt: skip
    flat = in_turn({"ours": lambda: both.browser.get(LIST), "stock": lambda: both.stock.get("/admin/flat/")})
    yield beside_stock("lists", "first page, stock without kinds", flat, None)
    for name, (page, place) in SORTED.items():
        for sign, down in (("", 0), ("-", 1)):
            yield beside_stock(
                "lists", f"sorted by {sign}{name}", in_turn({
                    "ours": lambda page=page, sort=f"{sign}{name}": both.browser.get(page, sort=sort),
                    "stock": lambda args=(str(place), str(down)): both.stock.get(STOCK, sort=args[0], desc=args[1]),
                }, budget_seconds=4), times(40),
            )  # fmt: skip
    clerk = browser(ground, "dossier", "service_clerk")
    token = ground.panel().program("admin")
    measured = in_turn({
        "clerk": lambda: clerk.get(LIST),
        "rest": lambda: token.get("/api/v1/records/customer", fields=",".join(SHOWN)),
        "count": lambda: both.browser.get(f"{LIST}count"),
    })  # fmt: skip
    yield plain("lists", "first page of a clerk, own department", "ms", measured["clerk"].scaled(1000))
    yield plain("lists", "first page by REST", "ms", measured["rest"].scaled(1000))
    yield plain("lists", "count, loaded after the rows", "ms", measured["count"].scaled(1000))


def depth(ground: Ground) -> Iterator[Finding]:
    """The page in the middle of the archive, reached by a jump; and the one after it."""
    both = sides(ground)
    middle = ground.count // 2
    number = _middle(ground, "dossier")
    after = _mark(both.browser, number)
    raw_middle = both.raw.find({}, {"archive_no": 1}, sort=[("archive_no", 1)]).skip(middle).limit(1)[0]["archive_no"]
    order = [("archive_no", 1)]
    measured = in_turn({
        "jump": lambda: both.browser.get(LIST, sort="archive_no", jump=number),
        "next": lambda: both.browser.get(LIST, sort="archive_no", after=after),
        "stock": lambda: both.stock.get(STOCK, page=str(middle // 50)),
        "skip": lambda: list(both.raw.find({}, sort=order, skip=middle, limit=50)),
        "keyset": lambda: list(both.raw.find({"archive_no": {"$gte": raw_middle}}, sort=order, limit=50)),
    }, budget_seconds=15)  # fmt: skip
    stock, keyset = measured["stock"], measured["keyset"]
    name = f"row {middle:,}"
    yield beside_stock("depth", f"{name}, jump", {"ours": measured["jump"], "stock": stock, "raw": keyset}, times(150))
    yield beside_stock("depth", f"{name}, next", {"ours": measured["next"], "stock": stock, "raw": keyset}, times(150))
    yield plain("depth", f"{name}, raw with skip", "ms", measured["skip"].scaled(1000))


def _middle(ground: Ground, database: str) -> str:
    """The archive number in the middle of all."""
    records = ground.mongo[database].r_customer
    half = records.estimated_document_count() // 2
    return records.find({}, {"archive_no": 1}, sort=[("archive_no", 1)]).skip(half).limit(1)[0]["archive_no"]


def _mark(client: Client, number: str) -> str:
    """The mark of the page after the one that begins at `number`."""
    page = client.get(LIST, sort="archive_no", jump=number).get_data(as_text=True)
    found = re.search(r"[?&;]after=([A-Za-z0-9_%-]+)", page)
    if found is None:
        raise NotMeasured("the page shows no link to the next one")
    return found[1]


def search(ground: Ground) -> Iterator[Finding]:
    """What people type: two characters of a name, initials, the beginning of a number, the end of a phone."""
    both = sides(ground)
    company, person = _some_name(ground, "enterprise"), _some_name(ground, "individual")
    prefix = both.ours.find_one({"type": "enterprise"}, {"archive_no": 1})["archive_no"][:-2]
    tail = both.raw.find_one({}, {"phone": 1})["phone"][-4:]
    cases = {
        "two characters of a company": (company[2:4], STOCK, company[2:4]),
        "the whole name of a person": (person, STOCK, person),
        "pinyin initials": (_initials(person), STOCK, _initials(person)),
        "beginning of a number": (prefix, STOCK, f"^{prefix}"),
        "last digits of a phone": (tail, "/admin/personal/", tail),
    }
    for words, (text, page, term) in cases.items():
        yield beside_stock(
            "search", words, in_turn({
                "ours": lambda text=text: both.browser.get(LIST, q=text),
                "stock": lambda page=page, term=term: both.stock.get(page, search=term),
            }, budget_seconds=8), times(200),
        )  # fmt: skip


def _some_name(ground: Ground, kind: str) -> str:
    """The name of the record of a kind that was changed last; of a person it stands sealed."""
    found = ground.panel().program("admin").get(f"/api/v1/records/{kind}", limit=1, fields="customer_name")
    return found.json["items"][0]["customer_name"]


def _initials(name: str) -> str:
    return surname_readings(name[0])[0][0] + "".join(readings(char)[0][0] for char in name[1:])


def filters(ground: Ground) -> Iterator[Finding]:
    """Conditions: a kind, a line of business, the two together, a range of days."""
    both = sides(ground)
    token = ground.panel().program("admin")

    def leaf(name: str, op: str, value: Any) -> dict[str, Any]:
        return {"field": name, "op": op, "value": value}

    kind, business = leaf("type", "eq", "tenant"), leaf("business_type", "eq", "lease")
    yield beside_stock(
        "filter", "kind", in_turn({
            "ours": lambda: both.browser.get(LIST, where=kind),
            "stock": lambda: both.stock.get(STOCK, flt1_kind_equals="tenant"),
            "raw": lambda: both.raw.count_documents({"kind": "tenant"}),
        }), times(80),
    )  # fmt: skip
    both.raw.create_index("kind")
    try:
        measured = in_turn({
            "ours": lambda: both.browser.get(LIST, where=kind),
            "stock": lambda: both.stock.get(STOCK, flt1_kind_equals="tenant"),
        })  # fmt: skip
        yield beside_stock("filter", "kind, stock given an index", measured, None)
    finally:
        both.raw.drop_index("kind_1")
    yield beside_stock(
        "filter", "line of business", in_turn({
            "ours": lambda: both.browser.get(LIST, where=business),
            "stock": lambda: both.stock.get(STOCK, flt1_business_type_equals="lease"),
        }), times(80),
    )  # fmt: skip
    yield beside_stock(
        "filter", "kind and line of business", in_turn({
            "ours": lambda: both.browser.get(LIST, where={"all": [kind, business]}),
            "stock": lambda: both.stock.get(STOCK, flt1_kind_equals="tenant", flt2_business_type_equals="lease"),
        }), times(80),
    )  # fmt: skip
    rest = in_turn({"rest": lambda: token.get("/api/v1/records/customer", where={"all": [kind, business]})})["rest"]
    yield plain("filter", "the same by REST, all fields", "ms", rest.scaled(1000))


def record(ground: Ground) -> Iterator[Finding]:
    """One customer: its page, its form, its REST answer."""
    both = sides(ground)
    token = ground.panel().program("admin")
    ids = _companies(ground, "dossier")
    theirs = [str(one["_id"]) for one in both.raw.find({}, {"_id": 1}).limit(200)]
    measured = in_turn({
        "page": _over(ids, lambda id: both.browser.get(f"/admin/r/enterprise/{id}/")),
        "stock": _over(theirs, lambda id: both.stock.get(f"{STOCK}details/", id=id)),
        "form": _over(ids, lambda id: both.browser.get(f"/admin/r/enterprise/{id}/edit/")),
        "rest": _over(ids, lambda id: token.get(f"/api/v1/records/enterprise/{id}")),
        "raw": _over(ids, lambda id: both.ours.find_one({"_id": id})),
    })  # fmt: skip
    page = measured["page"].scaled(1000)
    yield plain(
        "record", "page", "ms", page, Aim("ms", at_most=15),
        stock=measured["stock"].scaled(1000), raw=measured["raw"].scaled(1000),
    )  # fmt: skip
    yield plain("record", "form", "ms", measured["form"].scaled(1000))
    yield plain("record", "by REST", "ms", measured["rest"].scaled(1000))


def _companies(ground: Ground, database: str) -> list[str]:
    found = ground.mongo[database].r_customer.find({"type": "enterprise"}, {"_id": 1})
    return [one["_id"] for one in found.limit(200)]


def _over(ids: list[str], work: Callable[[str], object]) -> Work:
    """Another record each time."""
    turn = iter(ids * 10)
    return lambda: work(next(turn))


def growth(ground: Ground) -> Iterator[Finding]:
    """The same requests over the small archive and the large one."""
    small, large = browser(ground, "small"), browser(ground, "dossier")
    person = _some_name(ground, "individual")
    kind = {"field": "type", "op": "eq", "value": "tenant"}
    cases: dict[str, Callable[[Client], object]] = {
        "first page": lambda who: who.get(LIST),
        "sorted by name": lambda who: who.get("/admin/r/enterprise/", sort="customer_name"),
        "search by name": lambda who: who.get(LIST, q=person),
        "filter by kind": lambda who: who.get(LIST, where=kind),
    }
    for words, ask in cases.items():
        yield _growth(words, lambda ask=ask: ask(small), lambda ask=ask: ask(large))
    marks = {who: _middle(ground, database) for who, database in ((small, "small"), (large, "dossier"))}
    yield _growth("page in the middle", *(
        lambda who=who, number=number: who.get(LIST, sort="archive_no", jump=number) for who, number in marks.items()
    ))  # fmt: skip
    ids = {who: _companies(ground, database) for who, database in ((small, "small"), (large, "dossier"))}
    yield _growth("record page", *(
        _over(found, lambda id, who=who: who.get(f"/admin/r/enterprise/{id}/")) for who, found in ids.items()
    ))  # fmt: skip


def _growth(words: str, small: Work, large: Work) -> Finding:
    measured = in_turn({"small": small, "large": large})
    ratio = measured["large"].middle / measured["small"].middle
    note = f"{measured['small'].middle * 1000:.1f} → {measured['large'].middle * 1000:.1f} ms"
    return plain("growth", words, "×", ratio, GROWTH, note=note)
