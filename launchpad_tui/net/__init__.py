"""HTTP for runtimes and object stores: client, retry, TLS, OAuth tokens, redaction and errors."""
