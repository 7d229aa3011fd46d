"""Registers of the demonstration: units, emergency contacts, complaints and repairs, each as far on its way as said.

Everybody acts for themselves: the front desk takes the call, the head of engineering assigns, the technician goes.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.access.door import Door
from models.operations import bulk, records, transitions
from models.store import Store
from models.users import Actor

Who = Mapping[str, Actor]
Step = tuple[str, str, Callable[[Who], Mapping[str, Any]], str]
"""Name of the step, account that takes it, what it holds, the reason where one is asked for."""

UNITS = tuple(
    (building, floor, f"{floor}{room:02d}") for building in ("A座", "B座") for floor in (3, 12) for room in (1, 2, 3)
)
USES = ("office", "office", "shop", "residence")
CONTACTS = (("诸葛明", "亲属"), ("司马兰", "值班经理"), ("夏侯静", "亲属"), ("东方亮", "行政"))

COMPLAINTS = (
    ("电梯困人", "三号电梯下午停在两层之间约二十分钟，无人应答对讲。", 12),
    ("空调噪音", "机房夜间噪音大，影响休息。", 9),
    ("门禁卡", "补办门禁卡等了一周。", 6),
    ("保洁", "楼道垃圾两天没有清走。", 5),
    ("停车位", "固定车位被占，多次反映无果。", 4),
    ("漏水", "天花板渗水，墙面起泡。", 2),
    ("物业费", "对三月的账单有疑问。", 0),
    ("装修噪音", "楼上周末施工。", 0),
)
"""What about, what happened, how many steps were taken since."""
REPAIRS = (
    ("水龙头漏水", 9), ("跳闸", 8), ("门锁损坏", 6), ("马桶堵塞", 5),
    ("空调不制冷", 3), ("灯具不亮", 2), ("窗户关不严", 1), ("网络面板松动", 0),
)  # fmt: skip
"""What is to be repaired, how many steps were taken since."""

SIGNED = {"name": "住户本人", "signed_at": "2026-03-02T08:30:00Z", "channel": "paper"}
COPIES = dict.fromkeys(("copy_1_customer", "copy_2_engineering_head", "copy_3_finance"), True)


def _says(**body: Any) -> Callable[[Who], Mapping[str, Any]]:
    return lambda who: body


COMPLAINT_WAY: tuple[Step, ...] = (
    ("judge", "front_desk", _says(justified="founded"), ""),
    ("assign", "service_head",
     lambda who: {"responsible_dept": "engineering", "responsible_person": who["engineering_head"].id}, ""),
    ("investigate", "engineering_head", _says(cause="设备老化，巡检记录缺项。"), ""),
    ("propose", "engineering_head", _says(solution="更换部件，并向客户书面致歉。"), ""),
    ("instruct", "general_manager", _says(leader_instruction="同意，三日内完成并回访。"), ""),
    ("carry_out", "engineering_head", _says(remedy="部件已更换，客户已告知。"), ""),
    ("propose_again", "engineering_head", _says(), "客户希望减免当月费用"),
    ("instruct", "general_manager", _says(), ""),
    ("carry_out", "engineering_head", _says(), ""),
    ("accept", "front_desk", _says(customer_signature=SIGNED, feedback="处理及时。"), ""),
    ("summarise", "service_head", _says(summary="同类设备列入月度巡检。"), ""),
    ("close", "archivist", _says(), ""),
)  # fmt: skip
REPAIR_WAY: tuple[Step, ...] = (
    ("book", "front_desk", _says(appointment_at="2026-03-02T02:00:00Z"), ""),
    ("assign", "engineering_head", lambda who: {"technician": who["technician"].id}, ""),
    ("arrive", "technician", _says(), ""),
    ("price", "technician", _says(price_told_and_agreed=True), ""),
    ("start_work", "technician", _says(), ""),
    ("test", "technician", _says(work_done="更换阀门和密封圈。", trial_result="works"), ""),
    ("sign", "technician", _says(charges=[{"item": "阀门", "amount": "35.00"}], customer_signature=SIGNED), ""),
    ("file", "technician", _says(technician_signature=SIGNED, **COPIES), ""),
    ("spot_check", "engineering_head", _says(spot_check={"result": "satisfied"}), ""),
)


def load(store: Store, actor: Actor, who: Who, tenants: Sequence[str]) -> None:
    """Bring the registers in.

    :param who: the demo accounts by user name
    :param tenants: ids of tenants they are about
    """
    units = _in_one_go(store, actor, "unit", [_unit(number, *place) for number, place in enumerate(UNITS)])
    _in_one_go(store, actor, "customer_emergency_contact", [
        {"customer": tenants[turn % len(tenants)], "person_name": name, "relation": relation, "priority": turn % 2 + 1,
         "phone": [f"1360000{turn:04d}"], "unit": units[turn % len(units)], "department": "property"}
        for turn, (name, relation) in enumerate(CONTACTS * 2)
    ])  # fmt: skip
    for turn, (about, content, steps) in enumerate(COMPLAINTS):
        body = {"customer": tenants[turn % len(tenants)], "channel": ("phone", "counter", "im")[turn % 3],
                "complained_about": about, "content": content, "complainant": "住户"}  # fmt: skip
        _play(store, who, "complaint", body, COMPLAINT_WAY[:steps])
    for turn, (item, steps) in enumerate(REPAIRS):
        body = {"customer": tenants[turn % len(tenants)], "unit": units[turn % len(units)], "repair_item": item,
                "reporter": "住户", "phone": [f"1390000{turn:04d}"]}  # fmt: skip
        _play(store, who, "repair_ticket", body, REPAIR_WAY[:steps])


def _unit(number: int, building: str, floor: int, room: str) -> dict[str, Any]:
    return {"unit_name": f"{building} {floor}层 {room}", "building": building, "floor": str(floor), "room": room,
            "unit_use": USES[number % len(USES)], "department": "property"}  # fmt: skip


def _in_one_go(store: Store, actor: Actor, type_name: str, bodies: Sequence[Mapping[str, Any]]) -> list[str]:
    loader = bulk.Loader(Door(store, actor).open(type_name))
    return loader.write([loader.read(body) for body in bodies])


def _play(store: Store, who: Who, type_name: str, body: Mapping[str, Any], way: Sequence[Step]) -> None:
    """A record made by the front desk, and the steps taken with it."""
    made = records.create(Door(store, who["front_desk"]).open(type_name), body)
    for revision, (step, account, holds, reason) in enumerate(way, made.revision):
        door = Door(store, who[account]).open(type_name)
        transitions.take(door, made.id, step, holds(who), expected=revision, reason=reason or None)
