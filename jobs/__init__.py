"""Ticker, registry and the functions a worker runs. The stored run is the truth; a queue only rings."""
