"""Customer reviews."""

from datetime import datetime


def average_rating(ratings):
    """Mean number of stars, to one decimal."""
    return round(sum(ratings) / len(ratings), 1)


def recent_reviews(reviews, since):
    """Reviews written on or after `since` (an ISO date), newest first."""
    recent = []
    for review in reviews:
        oldest = datetime.strptime(since, "%Y-%m-%d")
        written = datetime.strptime(review["written"], "%d.%m.%Y")
        if written >= oldest:
            recent.append(review)
    recent.sort(key=lambda review: review["written"].split(".")[::-1], reverse=True)
    return recent
