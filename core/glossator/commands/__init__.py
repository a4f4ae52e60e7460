"""One file a subcommand of ``glossator``; ``cli.py`` lists them."""
