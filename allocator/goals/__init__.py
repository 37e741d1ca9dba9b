"""One goal a file: what is better. These decide the coefficients."""
