"""What travels between jobs as a file: one frozen type, one reader, one writer each."""
