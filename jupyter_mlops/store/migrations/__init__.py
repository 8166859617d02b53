"""The store's schema, revision by revision: never edit one that was released, add the next."""
