"""What a field may hold, and how a record changes: the same rules for a cell of a CSV file and a member of JSON."""
