"""Who may do what: keys, roles, and the person or machine behind a request."""
