"""The registry: one SQLite file that several processes read and write at once. SQLite's words end here."""
