"""Holds and cases by REST: a program proposes, holds and reads; only a session with the password signs."""


