"""Where the samples of recipes come from: one module a source, reached by name alone."""
