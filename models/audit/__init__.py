"""The log: who saw or changed what, in lanes that cannot be rewritten unnoticed."""
