"""The stock side: flask-admin 2.2.1 with a mongoengine `ModelView`, as its documentation shows it.

The same made-up customers as ours, in clear fields, ten columns, an index for every column that can be sorted by on our
side. The three kinds are what mongoengine means them to be: classes that inherit from one document, in one collection,
told apart by `_cls`. Their list counts the whole collection for each page. One flat class without kinds does not, as
long as nothing is searched or filtered, because mongoengine then takes the count from the collection's statistics; its
first page is measured beside the other, without an aim.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from multiprocessing import get_context
from random import Random
from typing import Any, ClassVar

import mongoengine as me
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.mongoengine import ModelView
from flask_babel import Babel
from pymongo import MongoClient

from seed import customers

ALIAS = "stock"
COLUMNS = (
    "archive_no", "customer_name", "kind", "business_type", "material_type",
    "geography", "collection_channel", "state", "created_at", "updated_at",
)  # fmt: skip
PERSONAL = ("phone", "address", "email", "bank_account")
"""What our side keeps sealed."""
PREFIXES = {"enterprise": "QY", "individual": "GR", "tenant": "ZH"}
BATCH = 5000


class Columns(me.Document):
    """What the list shows."""

    archive_no = me.StringField(unique=True)
    customer_name = me.StringField()
    kind = me.StringField()
    business_type = me.StringField()
    material_type = me.StringField()
    geography = me.StringField()
    collection_channel = me.StringField()
    state = me.StringField()
    created_at = me.DateTimeField()
    updated_at = me.DateTimeField()
    meta: ClassVar[dict[str, Any]] = {"abstract": True}


class Customer(Columns):
    """A customer as one would write it without us: 24 plain fields."""

    phone = me.StringField()
    address = me.StringField()
    email = me.StringField()
    bank_account = me.StringField()
    legal_id_no = me.StringField()
    industry = me.StringField()
    staff_count = me.IntField()
    annual_sales = me.IntField()
    gender = me.StringField()
    car_model = me.StringField()
    points = me.IntField()
    purchased_on = me.StringField()
    owner = me.StringField()
    department = me.StringField()
    meta: ClassVar[dict[str, Any]] = {
        "db_alias": ALIAS,
        "collection": "customer",
        "allow_inheritance": True,
        "auto_create_index": False,
        "indexes": ["customer_name", "state", "created_at", "updated_at"],
    }


class Enterprise(Customer):
    """A company."""


class Individual(Customer):
    """A person."""


class Tenant(Customer):
    """Whoever rents."""


CLASSES = {"enterprise": Enterprise, "individual": Individual, "tenant": Tenant}


class FlatCustomer(Columns):
    """The same collection without kinds."""

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": ALIAS,
        "collection": "customer",
        "auto_create_index": False,
        "strict": False,
    }


class CustomerView(ModelView):
    """Default theme; sorting, searching, filters and export switched on."""

    column_list = COLUMNS
    column_searchable_list = ("archive_no", "customer_name")
    column_filters = ("kind", "business_type", "archive_no")
    named_filter_urls = True
    page_size = 50
    can_export = True
    can_view_details = True


class PersonalView(CustomerView):
    """The same with four personal columns among the ten, and the phone searchable."""

    column_list = (*COLUMNS[:4], *PERSONAL, *COLUMNS[8:])
    column_searchable_list = ("archive_no", "customer_name", "phone")


class FlatView(CustomerView):
    """The default view of the flat class."""


def app_on(url: str, database: str) -> Flask:
    """The stock panel over one database."""
    me.disconnect(ALIAS)
    me.connect(database, host=url, alias=ALIAS, uuidRepresentation="standard", tz_aware=True)
    app = Flask("stock")
    app.secret_key = os.urandom(16)
    Babel(app)
    admin = Admin(app, name="stock")
    admin.add_view(CustomerView(Customer, name="Customers", endpoint="customer"))
    admin.add_view(PersonalView(Customer, name="Personal", endpoint="personal"))
    admin.add_view(FlatView(FlatCustomer, name="Flat", endpoint="flat"))
    return app


def fill(url: str, database: str, count: int) -> None:
    """Bring the stock collection to `count` customers, by two processes."""
    with MongoClient(url, tz_aware=True) as client:
        stock = client[database].customer
        if stock.estimated_document_count() == count and "_cls" in (stock.find_one() or {}):
            return
        client.drop_database(database)
    parts = [(url, database, start, min(BATCH, count - start)) for start in range(0, count, BATCH)]
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        for _ in pool.map(_insert, parts):
            pass
    me.disconnect(ALIAS)
    me.connect(database, host=url, alias=ALIAS, uuidRepresentation="standard")
    Customer.ensure_indexes()
    me.disconnect(ALIAS)


def _insert(part: tuple[str, str, int, int]) -> None:
    url, database, start, count = part
    with MongoClient(url) as client:
        client[database].customer.insert_many(list(islice(_documents(start), count)), ordered=False)


def _documents(start: int) -> Iterator[dict[str, Any]]:
    rng = Random(f"stock:{start}")
    number = start
    while True:
        kind = customers.any_kind(rng)
        number += 1
        yield _document(kind, customers.KINDS[kind](rng), number, rng)


def _document(kind: str, values: dict[str, Any], number: int, rng: Random) -> dict[str, Any]:
    at = datetime.fromtimestamp(1_760_000_000 + int(rng.random() * 30_000_000), UTC)
    plain = {name: value for name, value in values.items() if name in Customer._fields and name not in PERSONAL}
    document = plain | {
        "_cls": CLASSES[kind]._class_name,
        "archive_no": f"{PREFIXES[kind]}-2026-{number:06d}",
        "kind": kind,
        "state": "filed",
        "created_at": at,
        "updated_at": at,
        "phone": values["phone"][0]["number"],
        "address": values["address"]["text"],
        "email": values["email"],
        "bank_account": values["bank_account"],
        "owner": f"user{number % 12}",
        "department": f"department{number % 12}",
    }
    if "annual_sales" in document:
        document["annual_sales"] = int(document["annual_sales"]["amount"].replace(".", ""))
    return document
