"""The areas of the domain: what each kind of record looks like outside, and which lists of them there are."""
