"""What a person decides of labels, in which order, and how well."""
