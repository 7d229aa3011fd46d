"""The verbs: every change to the archive, actor first, one audit entry each."""
