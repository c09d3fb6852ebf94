"""Searches whose findings a person chooses from: fixes, and bodies of functions without one."""
