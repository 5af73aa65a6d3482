"""The tasks: each takes ids, calls one function of the pipeline, and hands on the ids it gives."""
