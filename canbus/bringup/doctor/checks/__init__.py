"""The checks, a file a subject: each a function from a System to what is to be said of it."""
