"""How fast is it, beside what? `python -m benchmarks.run --help`; the figures are in docs/performance.md."""
