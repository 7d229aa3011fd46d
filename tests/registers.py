"""The registers for tests: their ways from first to last state, who takes which step, and with what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.access.door import Door, TypeDoor
from models.operations import records, transitions
from models.store import Store
from models.users import Actor

SYSTEM = Actor.system_actor("cli:test")
DESK = ("front_desk", "service_clerk", "service_head")
ENGINEERS = ("engineering_head",)
SIGNED = {"name": "李四光", "signed_at": "2026-11-20T03:00:00Z", "channel": "paper"}


@dataclass(frozen=True)
class Walk:
    """One step of a way: its name, who may take it, and what its request holds."""

    name: str
    who: tuple[str, ...]
    body: Mapping[str, Any]
    reason: str = ""


def complaint_way(people: Mapping[str, Actor]) -> list[Walk]:
    """A complaint that engineering is responsible for."""
    assigned = {"responsible_dept": "engineering", "responsible_person": people["engineering_head"].id}
    return [
        Walk("judge", DESK, {"justified": "founded"}),
        Walk("assign", ("service_head",), assigned),
        Walk("investigate", ENGINEERS, {"cause": "水泵老化"}),
        Walk("propose", ENGINEERS, {"solution": "更换水泵"}),
        Walk("instruct", ("general_manager",), {"leader_instruction": "三日内完成"}),
        Walk("carry_out", ENGINEERS, {"remedy": "已更换"}),
        Walk("propose_again", ENGINEERS, {"solution": "更换水泵并减免费用"}, "客户要求减免"),
        Walk("instruct", ("general_manager",), {"leader_instruction": "同意减免"}),
        Walk("carry_out", ENGINEERS, {"remedy": "已减免"}),
        Walk("accept", DESK, {"customer_signature": SIGNED, "feedback": "满意"}),
        Walk("summarise", ("service_head",), {"summary": "定期检修水泵"}),
        Walk("close", ("archivist",), {}),
    ]


def repair_way(people: Mapping[str, Actor]) -> list[Walk]:
    """A repair that is paid, filed and spot-checked."""
    fitter = ("technician",)
    copies = dict.fromkeys(("copy_1_customer", "copy_2_engineering_head", "copy_3_finance"), True)
    return [
        Walk("book", ("front_desk", "engineering_head"), {"appointment_at": "2026-11-25T02:00:00Z"}),
        Walk("assign", ENGINEERS, {"technician": people["technician"].id}),
        Walk("arrive", fitter, {}),
        Walk("price", fitter, {"price_told_and_agreed": True}),
        Walk("start_work", fitter, {"damage": "无"}),
        Walk("test", fitter, {"work_done": "更换阀门", "trial_result": "works"}),
        Walk("sign", fitter, {"charges": [{"item": "阀门", "amount": "35.00"}], "customer_signature": SIGNED}),
        Walk("file", fitter, {"technician_signature": SIGNED, **copies}),
        Walk("spot_check", ENGINEERS, {"spot_check": {"result": "satisfied"}}),
    ]


def archive_way() -> list[Walk]:
    """An archive that a service clerk began: checked and approved by others, revised, filed again."""
    keepers = ("service_clerk", "service_head", "archivist")
    return [
        Walk("submit", keepers, {"business_type": "property"}),
        Walk("return_to_draft", ("service_head", "archivist"), {}, "电话有误"),
        Walk("submit", keepers, {}),
        Walk("check", ("service_head", "archivist"), {}),
        Walk("refuse_filing", ("service_head",), {}, "资料不全"),
        Walk("submit", keepers, {}),
        Walk("check", ("service_head", "archivist"), {}),
        Walk("approve", ("service_head",), {}),
        Walk("revise", keepers, {}),
        Walk("refile", keepers, {}),
    ]


def door(store: Store, actor: Actor, type_name: str) -> TypeDoor:
    """The door of a new request."""
    return Door(store, actor).open(type_name)


def take(store: Store, actor: Actor, type_name: str, id: str, walk: Walk) -> Any:
    """Take a step with the record as it is now."""
    opened = door(store, actor, type_name)
    revision = opened.revision_number(id)
    return transitions.take(opened, id, walk.name, walk.body, expected=revision, reason=walk.reason or None)


def a_unit(store: Store, name: str = "A座 12层 1203") -> str:
    """A unit to repair something in."""
    body = {"unit_name": name, "building": "A座", "floor": "12", "room": "1203"}
    return records.create(door(store, SYSTEM, "unit"), body).id


def a_tenant(store: Store, **more: Any) -> str:
    """A household in the property office."""
    body = {"customer_name": "李四光", "phone": ["13711112222"], "department": "property", **more}
    return records.create(door(store, SYSTEM, "tenant"), body).id


def a_complaint(store: Store, actor: Actor, **more: Any) -> str:
    """A complaint as the front desk takes it."""
    body = {"complainant": "王五", "channel": "phone", "content": "漏水三天无人处理", **more}
    return records.create(door(store, actor, "complaint"), body).id


def a_ticket(store: Store, actor: Actor, unit: str, **more: Any) -> str:
    """A repair ticket as the front desk opens it."""
    body = {"reporter": "王五", "phone": ["13900001111"], "unit": unit, "repair_item": "水龙头漏水", **more}
    return records.create(door(store, actor, "repair_ticket"), body).id
