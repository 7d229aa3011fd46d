"""Shipped definitions (YAML) and sample data, built through models.operations."""
