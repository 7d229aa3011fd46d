"""The application: settings, services, identity, commands, pages of the shell."""
