"""Pure drawings of domain objects: from dataclasses to styled lines, without a widget and without I/O."""
