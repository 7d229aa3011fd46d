"""The archive itself: definitions, access, keys, audit, verbs. Knows nothing of the web or of queues."""
