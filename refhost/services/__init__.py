"""What stands behind the host functions: one module per service, one object per plugin."""
