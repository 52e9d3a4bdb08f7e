"""SAP AI Core: credentials, the HTTP of its API, and a client whose results are words of the domain."""
