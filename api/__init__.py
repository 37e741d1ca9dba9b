"""The service: thin. A route translates and calls the library."""
