"""The store: the only truth. SQL lives here and nowhere else."""
