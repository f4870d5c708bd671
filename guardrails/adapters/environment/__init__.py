"""Provides the interpreter that a service's code runs in, from base's word alone."""
