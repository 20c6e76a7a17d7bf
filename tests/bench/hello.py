"""The least that a WSGI server can be asked for: the yardstick of the page figures."""


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]
