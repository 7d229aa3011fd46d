"""The nightly scan of retention: stamps due days, and proposes drafts of what is due. It destroys nothing."""

from models.operations import retention
from models.operations.leases import Lease
from models.store import Store


def scan(store: Store, lease: Lease) -> bool:
    """A part: the records of one rule after the other; then what is due is proposed."""
    at = lease.cursor or {"rule": "", "after": ""}
    for rule_id in retention.rules_of(store):
        if rule_id < at["rule"]:
            continue
        after = at["after"] if rule_id == at["rule"] else ""
        left = retention.stamp(store, rule_id, after, enough=lease.enough)
        if left is not None:
            lease.advance(cursor={"rule": rule_id, "after": left})
            return False
        lease.check()
        proposed = retention.propose_due(store, rule_id)
        lease.advance(cursor={"rule": f"{rule_id} ", "after": ""}, done=1, counts={"proposed": 1 if proposed else 0})
    return True
