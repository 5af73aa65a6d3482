"""What is said of a story as a whole: who took it from whom, its facts, its quotes, its news."""
