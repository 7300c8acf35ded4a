"""The report: a folder with a page, its films, figures and tables. It fetches nothing, and can be moved or zipped."""
