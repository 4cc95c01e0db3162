"""What is kept about one person, how it is handed out and erased, and how long the history is kept."""
