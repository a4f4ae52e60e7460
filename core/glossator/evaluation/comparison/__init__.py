"""What comparing labelling methods comes to: values in, values out."""
