"""One rule a file: what must hold over many pairs at once, or what it costs. These decide the rows."""
