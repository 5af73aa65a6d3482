"""From verdicts to what they teach about a watch: pure functions, no store and no pages."""
