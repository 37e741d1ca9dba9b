"""A result as a page: sections in their order, each with a sentence, perhaps a chart, and a table."""
