"""One solve, one process: so that it can be stopped, limited and mourned without the worker noticing more than its end."""
