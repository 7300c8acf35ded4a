"""What a person looks at: tables, curves, films and one self-contained page."""
