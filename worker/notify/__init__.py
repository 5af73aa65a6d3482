"""Notify: the stored output, and word to the people who wait for it."""
