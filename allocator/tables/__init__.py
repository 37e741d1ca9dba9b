"""From files to typed columns: each file here knows one noun of the way, and `allocator.read` walks it."""
