"""Web: the review pages and the HTTP API. The web framework is imported here and nowhere else."""
