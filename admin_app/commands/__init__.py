"""One module per group of commands; each names its click commands in `commands`."""
