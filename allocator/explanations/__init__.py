"""Why everybody and everything stands where it stands. `allocator.explain` asks; one kind of answer a file."""
