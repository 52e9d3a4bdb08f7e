"""SAP AI Core: its credentials, HTTP requests, and a client that returns domain objects."""
