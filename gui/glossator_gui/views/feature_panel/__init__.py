"""All that is known of one feature, and the decision on its label."""
