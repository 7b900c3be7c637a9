"""The grammar of mathematical texts: canonical tokens in, a typed tree out."""
