"""What is known of a feature; one file a source."""
