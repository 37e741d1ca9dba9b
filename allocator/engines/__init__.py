"""One way of solving a file. Only this folder knows solvers."""
