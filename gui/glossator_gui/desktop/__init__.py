"""What the window owes the desktop: files, keys, layout, logs, one instance."""
