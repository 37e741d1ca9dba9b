"""One way of solving a file."""
