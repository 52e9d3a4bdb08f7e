"""Services that the user interface, the commands and the server call: blocking and thread-safe."""
