"""One rule a file: may this pair ever be? These decide which pairs exist at all."""
