"""What `homeroom doctor` looks at: a small function for each question, in lists."""
