"""Who may do what with which value: grants, the compiled plan, and the one door to record data."""
