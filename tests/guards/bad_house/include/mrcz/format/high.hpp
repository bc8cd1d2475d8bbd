/// A header that a lower floor must not include.
