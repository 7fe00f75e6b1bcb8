"""Running notebooks; knows nothing of surveys."""
