"""Middleware that says for whom the application works: ASGI, WSGI, and Celery's signals."""

from codegenesis.runtime.middleware.asgi import ASGIMiddleware
from codegenesis.runtime.middleware.celery import follow_celery
from codegenesis.runtime.middleware.wsgi import WSGIMiddleware

__all__ = ["ASGIMiddleware", "WSGIMiddleware", "follow_celery"]
