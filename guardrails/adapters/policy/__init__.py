"""Policy files: YAML text to plain data, plain data to frozen settings, settings to the Policy."""
