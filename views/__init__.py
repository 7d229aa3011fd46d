"""Pages and REST. Fetch and authorise in one call, then show; no rule lives here."""
