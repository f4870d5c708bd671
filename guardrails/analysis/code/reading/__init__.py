"""The one pass over a file's syntax tree; `analysis.code.build` is its door."""
