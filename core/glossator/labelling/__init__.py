"""Labels by the methods chosen for each tier: what is asked, planned, then asked."""
