"""Match: an article against the seeds of every watch, with the evidence for a person."""
