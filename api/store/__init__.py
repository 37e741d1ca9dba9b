"""Where everything is kept: one SQLite file on a laptop, PostgreSQL when it outgrows one, by the same statements."""
