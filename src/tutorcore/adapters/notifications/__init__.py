"""Notifiers that come in the box: letters by SMTP, signed webhooks, a log. Each is imported from its own module."""
