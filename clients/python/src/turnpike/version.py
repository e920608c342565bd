"""The version of this package: that of the gateway."""

VERSION = "0.1.0"
