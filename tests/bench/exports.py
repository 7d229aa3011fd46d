"""Exports: rows per second of the stock side's ten columns, in clear and with four of them sealed."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from tests.bench.findings import Finding, times
from tests.bench.ground import Ground
from tests.bench.lists import SHOWN
from tests.bench.stock import COLUMNS, PERSONAL
from tests.bench.timing import Spread, Work, in_turn

ROWS = 50_000
SEALED = (*SHOWN[:4], "phone", "address", "email", "contract_content", *SHOWN[8:])
"""Ten columns of a company, four of them sealed and filled in nearly every record."""
BUDGET_SECONDS = 20.0


def exports(ground: Ground) -> Iterator[Finding]:
    """CSV as it streams out of both panels."""
    token = ground.panel().program("admin")
    most = min(ROWS, ground.count // 3)
    yield _beside("ten clear columns", most, in_turn({
        "ours": lambda: token.rows("/api/v1/records/customer/export", most, format="csv", fields=",".join(SHOWN)),
        "stock": lambda: ground.stock.rows("/admin/customer/export/csv/", most),
        "raw": _raw(ground, COLUMNS, most),
    }, budget_seconds=BUDGET_SECONDS), times(6))  # fmt: skip
    yield _beside("ten columns, four sealed", most, in_turn({
        "ours": lambda: token.rows("/api/v1/records/enterprise/export", most, format="csv", fields=",".join(SEALED)),
        "stock": lambda: ground.stock.rows("/admin/personal/export/csv/", most),
        "raw": _raw(ground, (*COLUMNS[:4], *PERSONAL, *COLUMNS[8:]), most),
    }, budget_seconds=BUDGET_SECONDS), times(3))  # fmt: skip


def _beside(name: str, rows: int, measured: dict[str, Spread], aim: Any) -> Finding:
    rates = {side: one.rate(rows) for side, one in measured.items()}
    ratio = rates["ours"].middle / rates["stock"].middle
    return Finding("export", name, "rows/s", figure=ratio, aim=aim, ratio=ratio, more={"rows": rows}, **rates)


def _raw(ground: Ground, columns: tuple[str, ...], most: int) -> Work:
    """The driver alone, without making text of anything."""
    customers = ground.mongo.stock.customer
    return lambda: sum(1 for _ in islice(customers.find({}, dict.fromkeys(columns, 1), batch_size=2000), most))
