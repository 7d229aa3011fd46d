"""Customers with something to find, and a look at what verification keeps of them."""

from datetime import date, timedelta

from models.access.door import Door
from models.operations import records, runs
from models.operations.leases import claim
from models.operations.verification import work
from models.store import bump_stamp
from models.users import Actor

SYSTEM = Actor.system_actor("cli:tests")
EXPIRED = "2020-06-30"
LASTING = "9999-12-31"


def individual(store, *, valid_until=EXPIRED, name="张三", owner=None, department=None, **more):
    """A person with an identity document; the record as the system sees it."""
    body = {
        "customer_name": name,
        "phone": [{"number": "13812345678"}],
        "id_document": {"kind": "passport", "number": "E12345678", "valid_until": valid_until},
        **more,
    }
    body |= {key: value for key, value in (("owner", owner), ("department", department)) if value}
    return records.create(Door(store, SYSTEM).open("individual"), body)


def correct(store, id, actor=SYSTEM, valid_until=LASTING):
    """The document was renewed."""
    door = Door(store, actor).open("individual")
    return records.update(
        door, id, {"id_document": {"valid_until": valid_until}}, expected=door.revision_number(id)
    )


def unjudged(store):
    """As if a loader had brought the records in: nobody has judged them."""
    store.data.r_customer.update_many({}, {"$unset": {"d.verification": ""}})
    store.data.tasks.delete_many({})


def run(store, **params):
    """A whole run, in one process; the run as it ended."""
    run_id = runs.request(store, SYSTEM, "verification", params)
    lease = claim(store, run_id, "test", seconds=60)
    while not work(store, lease):
        pass
    lease.finish()
    return runs.get(store, run_id)


def stamp(store, id):
    """What stands on the record."""
    return (store.data.r_customer.find_one({"_id": id})["d"] or {}).get("verification")


def reasons(store, id):
    """Rule → reason of its findings."""
    return {one["rule"]: one["reason"] for one in (stamp(store, id) or {}).get("findings", [])}


def open_tasks(store, id):
    return sorted(one["rule"] for one in store.data.tasks.find({"record": id, "state": "open"}))


def replace_rule(store, id, **changes):
    """A rule as an administrator would change it."""
    tree = store.data.rules.find_one({"_id": id})["tree"] | changes
    store.data.rules.update_one({"_id": id}, {"$set": {"tree": tree, "version": tree["version"]}})
    bump_stamp(store, "settings")


def day(ahead):
    return (date.today() + timedelta(days=ahead)).isoformat()
