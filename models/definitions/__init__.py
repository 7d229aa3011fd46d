"""Record types as data: field types, conditions, formulas, the schema and what it compiles to."""
