"""The HTTP API, version 1: all that the pages can do, for programs."""
