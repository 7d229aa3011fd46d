"""Addresses of the panel, remembered: a page asks for the same fifty each time it is drawn."""

from typing import Any

from flask import Flask, has_request_context, request

FIXED = frozenset({"filename", "v", "type_name"})
"""Values that name things of the installation. Anything else could be about a customer, and is never kept."""
MOST_KEPT = 4_000


class AddressedApp(Flask):
    """Flask that builds an address of its own pages and files once."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._addresses: dict[tuple[Any, ...], str] = {}

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """The same answer as Flask's."""
        values = {name: value for name, value in values.items() if value is not None}
        bare = endpoint.startswith(".") or (endpoint.startswith("records.") and "type_name" not in values)
        if bare or not FIXED.issuperset(values) or not has_request_context():  # bare: the address asked for decides too
            return super().url_for(endpoint, **values)
        key = (request.root_path, endpoint, *sorted(values.items()))
        if key not in self._addresses:
            if len(self._addresses) >= MOST_KEPT:
                self._addresses.clear()
            self._addresses[key] = super().url_for(endpoint, **values)
        return self._addresses[key]
