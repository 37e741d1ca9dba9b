"""Charts, one a file: each with its title, one sentence with the figures, and its data as a table. One definition for page, picture and web."""
