"""Changes as a coding agent would write them on the reference service, and the verdict each deserves."""
