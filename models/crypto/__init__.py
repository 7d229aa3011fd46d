"""Keys, the envelope around a sealed value, and search tokens (no plain value is ever a key)."""
