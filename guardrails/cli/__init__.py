"""The command line: a file a command, imported only when that command is used."""
