"""Story: which articles are one and the same, and how those that are not hang together."""
