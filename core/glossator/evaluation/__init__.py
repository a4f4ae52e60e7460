"""What the tiers of many features say together: values in, values out."""
