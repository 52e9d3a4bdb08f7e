"""Object stores: the list, browsing, previews, imports."""
