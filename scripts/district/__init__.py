"""The sample district: an invented one, of any size, every row a function of the seed and a number."""
