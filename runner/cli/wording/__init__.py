"""How the command line writes help, errors and warnings: fitted to the terminal."""
