"""Invented survey data whose truth is known, in the files that real surveys leave behind."""
