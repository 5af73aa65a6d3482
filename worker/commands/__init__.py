"""The commands, one module a topic; `worker.cli` imports each when it is run."""
