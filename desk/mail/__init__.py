"""E-mail that families send to a centre: letters become cases, answers come to their case."""
