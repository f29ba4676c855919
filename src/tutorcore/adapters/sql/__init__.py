"""Storage in a database that speaks SQL: one portable storage, and a thin driver for each database."""
