"""Work that outlives a request: the queue, the workers that take from it, and what becomes of work whose worker dies."""
