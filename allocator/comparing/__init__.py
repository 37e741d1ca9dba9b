"""What a comparison looks at, one noun a file; `allocator.compare` puts them together."""
