"""The second step of the login of staff: a code of an app on their phone (TOTP, RFC 6238)."""
