"""A process that appends audit entries: `python -m tests.audit_writer URL DATABASE THREADS ENTRIES NAME`.

Prints the record id of each entry once it is acknowledged, so whoever reads knows what must stand.
"""

import os
import sys
import threading
from zoneinfo import ZoneInfo

import pymongo

from models.audit.log import AuditLog, Entry
from models.store import Clock


def append_all(audit: AuditLog, name: str, count: int) -> None:
    for n in range(count):
        record = f"{name}.{n}"
        audit.append(Entry("records:view", "user1", type="enterprise", records=[record]))
        os.write(1, f"{record}\n".encode())


def main(url: str, database: str, threads: str, entries: str, name: str) -> None:
    client = pymongo.MongoClient(url, tz_aware=True)
    audit = AuditLog(client[database], Clock(ZoneInfo("Asia/Shanghai")), name)
    running = [
        threading.Thread(target=append_all, args=(audit, f"{name}.{n}", int(entries))) for n in range(int(threads))
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    audit.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
