"""Search over product titles."""

import re


def matching_titles(titles, query):
    """Titles that contain every word of the query at the start of a word."""
    found = []
    for title in titles:
        matches = True
        for word in query.split():
            pattern = re.compile(r"\b" + re.escape(word), re.IGNORECASE)
            if not pattern.search(title):
                matches = False
        if matches:
            found.append(title)
    return found
