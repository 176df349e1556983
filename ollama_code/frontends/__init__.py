"""The faces of the product: each consumes the same stream of events. None imports another."""
