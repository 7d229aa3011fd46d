"""Rules and tables of a record's life, pure: no database, no clock, no actor."""
