"""betyg: user surveys of public agencies."""
