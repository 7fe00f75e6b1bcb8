"""From raw files to clean tables: what was asked, of whom, and what was answered."""
