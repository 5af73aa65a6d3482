"""Stories: one folder a room."""
