"""Questions and answers as raw material: dumps of question sites, their layouts, and HTML as Markdown."""
