"""PostgreSQL as Django knows it, with a health check of connections that asks nothing."""
