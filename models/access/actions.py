"""What may be asked for: of records, and of the parts of the system itself."""

from enum import StrEnum


class Action(StrEnum):
    """An action on records. VIEW covers lists and single records alike."""

    VIEW = "view"
    CREATE = "create"
    EDIT = "edit"
    DELETE = "delete"
    RESTORE = "restore"
    REVERT = "revert"
    EXPORT = "export"
    EXPORT_SECRET = "export_secret"
    IMPORT = "import"
    REVEAL = "reveal"
    APPROVE = "approve"
    TRANSITION = "transition"


RESOURCES = ("users", "types", "permissions", "audit", "jobs", "retention", "holds", "cases", "restricted", "settings",
             "verification")  # fmt: skip
"""System resources: scopes on them carry `view`, `manage` or `approve`."""

RESOURCE_ACTIONS = ("view", "manage", "approve")

USES = ("filter", "sort", "search", "group")
"""What an administrator may open on a field that is masked or readable on some rows only."""
