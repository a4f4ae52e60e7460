"""What connects the parts of the window with the session, one file a part."""
