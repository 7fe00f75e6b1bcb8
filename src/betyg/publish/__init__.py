"""What leaves the repository: words, figures, tables and pages."""
