"""What models of billions of parameters need to be tuned; nano models go without."""
