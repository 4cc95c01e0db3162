"""The grammar of lists: a collection, the statement that answers a query, filters, order, pages and links."""
